/**
 * What is kept of one tip of one user: the earliest time of each kind of event, and the two fields that features read from those
 * events. Each field is a minimum, so folding is commutative, associative and idempotent: order, duplicates and replays cannot
 * change the result. That the earliest time is enough for every as-of time follows from the same: if the earliest event of a kind
 * lies before T it is the one that counts, and if it does not, none does.
 */
import { compareCodePoints } from '../events/strings.js';
import type { FeedbackEvent, ServedEvent } from '../topics.js';

/** Times are Unix milliseconds. null: no such event has come, or it did not carry the field. */
export interface TipState {
  readonly servedAtMs: number | null;
  /** of the serving at servedAtMs */
  readonly servedCategory: string | null;
  readonly doneAtMs: number | null;
  /** of the done at doneAtMs: minutes the user's local time is ahead of UTC */
  readonly doneUtcOffsetMin: number | null;
  readonly dismissAtMs: number | null;
  readonly snoozeAtMs: number | null;
}

/** Builds every TipState in one place, so that all of them share one hidden class and reading them stays fast. */
function tipState(
  servedAtMs: number | null,
  servedCategory: string | null,
  doneAtMs: number | null,
  doneUtcOffsetMin: number | null,
  dismissAtMs: number | null,
  snoozeAtMs: number | null,
): TipState {
  return { servedAtMs, servedCategory, doneAtMs, doneUtcOffsetMin, dismissAtMs, snoozeAtMs };
}

/** A tip nothing is known about. */
export const NO_TIP: TipState = tipState(null, null, null, null, null, null);

/** The tip after one more serving; the same object when the serving changes nothing. */
export function foldServed(tip: TipState, event: ServedEvent): TipState {
  const atMs = event.served_at_ms + 0; // -0 becomes 0
  const category = event.category ?? null;
  if (tip.servedAtMs !== null) {
    if (atMs > tip.servedAtMs) return tip;
    if (atMs === tip.servedAtMs && !beatsText(category, tip.servedCategory)) return tip;
  }
  return tipState(atMs, category, tip.doneAtMs, tip.doneUtcOffsetMin, tip.dismissAtMs, tip.snoozeAtMs);
}

/** The tip after one more reaction; the same object when the reaction changes nothing. */
export function foldFeedback(tip: TipState, event: FeedbackEvent): TipState {
  const atMs = event.reacted_at_ms + 0;
  switch (event.action) {
    case 'done': {
      const offsetMin = event.utc_offset_min == null ? null : event.utc_offset_min + 0;
      if (tip.doneAtMs !== null) {
        if (atMs > tip.doneAtMs) return tip;
        if (atMs === tip.doneAtMs && !beatsNumber(offsetMin, tip.doneUtcOffsetMin)) return tip;
      }
      return tipState(tip.servedAtMs, tip.servedCategory, atMs, offsetMin, tip.dismissAtMs, tip.snoozeAtMs);
    }
    case 'dismiss':
      if (tip.dismissAtMs !== null && atMs >= tip.dismissAtMs) return tip;
      return tipState(tip.servedAtMs, tip.servedCategory, tip.doneAtMs, tip.doneUtcOffsetMin, atMs, tip.snoozeAtMs);
    case 'snooze':
      if (tip.snoozeAtMs !== null && atMs >= tip.snoozeAtMs) return tip;
      return tipState(tip.servedAtMs, tip.servedCategory, tip.doneAtMs, tip.doneUtcOffsetMin, tip.dismissAtMs, atMs);
  }
}

/** The first reaction of any kind, Unix milliseconds; null when there was none. */
export function reactedAtMs(tip: TipState): number | null {
  const { doneAtMs, dismissAtMs, snoozeAtMs } = tip;
  let first = doneAtMs;
  if (dismissAtMs !== null && (first === null || dismissAtMs < first)) first = dismissAtMs;
  if (snoozeAtMs !== null && (first === null || snoozeAtMs < first)) first = snoozeAtMs;
  return first;
}

/** Of two events at one time: a present value beats an absent one, the smaller beats the larger. */
export function beatsNumber(candidate: number | null, kept: number | null): boolean {
  return candidate !== null && (kept === null || candidate < kept);
}

function beatsText(candidate: string | null, kept: string | null): boolean {
  return candidate !== null && candidate !== kept && (kept === null || compareCodePoints(candidate, kept) < 0);
}
