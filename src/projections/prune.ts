/**
 * What a prune is to tips: at a moment of the partition's life, given by the next offset of each of its topics, the tips of some users
 * all of whose times lie before the horizon are forgotten. What comes later, late events of such tips included, is folded as if they
 * had never been known.
 */
import { compareCodePoints } from '../events/strings.js';
import { foldFeedback, foldServed, NO_TIP, type TipState } from './tip.js';
import { WINDOW_MS } from './window.js';

export interface PruneStage {
  /** Unix ms. A tip goes when each of its times, those that are set, is smaller. */
  readonly horizonMs: number;
  /** Users whose ids come after this one by code point. */
  readonly afterUser: string;
  /** The last of them; null: to the end. */
  readonly toUser: string | null;
  /** topic, with its prefix -> the next offset when it happened; a topic that is not there had none. */
  readonly positions: ReadonlyMap<string, number>;
}

/** The first as-of time that a prune takes nothing from: no tip that it forgot has a time in a window from there on. Unix ms. */
export function exactFromMs(horizonMs: number): number {
  return horizonMs + WINDOW_MS;
}

/** Whether every time of the tip lies before `horizonMs`. */
function isOlderThan(tip: TipState, horizonMs: number): boolean {
  const before = (atMs: number | null): boolean => atMs === null || atMs < horizonMs;
  return before(tip.servedAtMs) && before(tip.doneAtMs) && before(tip.dismissAtMs) && before(tip.snoozeAtMs);
}

/** Whether the user lies in the slice that was pruned. */
export function concerns({ afterUser, toUser }: Pick<PruneStage, 'afterUser' | 'toUser'>, userId: string): boolean {
  return compareCodePoints(userId, afterUser) > 0 && (toUser === null || compareCodePoints(userId, toUser) <= 0);
}

/**
 * One user's tips from a replay of the log and the prunes that the state went through. Events may be added in any order of topics; the
 * result is what folding them between the prunes gives.
 */
export class StagedTips {
  readonly #userId: string;
  readonly #prunes: PruneStage[];
  /** tip_id -> what the events between two prunes made of it; one more than there are prunes. */
  readonly #stages: Map<string, TipState>[];

  /** `prunes` in the order in which they happened; those of other users are left out here. */
  constructor(userId: string, prunes: readonly PruneStage[]) {
    this.#userId = userId;
    this.#prunes = prunes.filter((prune) => concerns(prune, userId));
    this.#stages = Array.from({ length: this.#prunes.length + 1 }, () => new Map<string, TipState>());
  }

  /** A prune that came to light later: after those before it, and with all that was added lying before its positions. */
  addPrune(prune: PruneStage): void {
    if (!concerns(prune, this.#userId)) return;
    this.#prunes.push(prune);
    this.#stages.push(new Map());
  }

  /** `topic` with its prefix. `fold` is foldServed or foldFeedback with the event. */
  add(topic: string, offset: number, tipId: string, fold: (tip: TipState) => TipState): void {
    const before = this.#prunes.findIndex(({ positions }) => offset < (positions.get(topic) ?? 0));
    const stage = this.#stages[before === -1 ? this.#prunes.length : before]!;
    stage.set(tipId, fold(stage.get(tipId) ?? NO_TIP));
  }

  /** tip_id -> what is kept of it. */
  finish(): Map<string, TipState> {
    const kept = new Map<string, TipState>();
    for (const [at, stage] of this.#stages.entries()) {
      for (const [tipId, tip] of stage) kept.set(tipId, joined(kept.get(tipId), tip));
      const prune = this.#prunes[at];
      if (prune === undefined) continue;
      for (const [tipId, tip] of kept) if (isOlderThan(tip, prune.horizonMs)) kept.delete(tipId);
    }
    return kept;
  }
}

/** What the events behind both give together. */
function joined(one: TipState | undefined, other: TipState): TipState {
  if (one === undefined) return other;
  let tip = one;
  const ids = { tip_id: '', user_id: '' };
  if (other.servedAtMs !== null) tip = foldServed(tip, { ...ids, served_at_ms: other.servedAtMs, category: other.servedCategory });
  if (other.doneAtMs !== null)
    tip = foldFeedback(tip, { ...ids, action: 'done', reacted_at_ms: other.doneAtMs, utc_offset_min: other.doneUtcOffsetMin });
  if (other.dismissAtMs !== null) tip = foldFeedback(tip, { ...ids, action: 'dismiss', reacted_at_ms: other.dismissAtMs });
  if (other.snoozeAtMs !== null) tip = foldFeedback(tip, { ...ids, action: 'snooze', reacted_at_ms: other.snoozeAtMs });
  return tip;
}
