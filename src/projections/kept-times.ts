/** The four kept times of a tip, by name: what asks of each of them the same. */
import { foldFeedback, foldServed, type TipState } from './tip.js';

/** What happened to a tip. */
export type Happening = 'served' | 'done' | 'dismiss' | 'snooze';
export const HAPPENINGS: readonly Happening[] = ['served', 'done', 'dismiss', 'snooze'];

/** One kept time, with the field that is kept with it. Two of them are the same fact when all of their fields are. */
export interface Fact {
  readonly tipId: string;
  readonly happening: Happening;
  /** Unix ms. */
  readonly atMs: number;
  /** Of a serving: its category. Of a done: its utc_offset_min. null: absent, or nothing is kept with it. */
  readonly kept: string | number | null;
}

/** Unix ms; null: it has not happened. */
export function keptTime(tip: TipState, happening: Happening): number | null {
  switch (happening) {
    case 'served':
      return tip.servedAtMs;
    case 'done':
      return tip.doneAtMs;
    case 'dismiss':
      return tip.dismissAtMs;
    case 'snooze':
      return tip.snoozeAtMs;
  }
}

/** undefined: it has not happened. */
export function factOf(tipId: string, tip: TipState, happening: Happening): Fact | undefined {
  const atMs = keptTime(tip, happening);
  if (atMs === null) return undefined;
  const kept = happening === 'served' ? tip.servedCategory : happening === 'done' ? tip.doneUtcOffsetMin : null;
  return { tipId, happening, atMs, kept };
}

/** The tip after the event that says so. */
export function foldFact(tip: TipState, { tipId, happening, atMs, kept }: Fact): TipState {
  const ids = { tip_id: tipId, user_id: '' };
  if (happening === 'served') return foldServed(tip, { ...ids, served_at_ms: atMs, category: kept as string | null });
  return foldFeedback(tip, { ...ids, action: happening, reacted_at_ms: atMs, utc_offset_min: kept as number | null });
}

/** The tip as if it had never happened. */
export function without(tip: TipState, happening: Happening): TipState {
  switch (happening) {
    case 'served':
      return { ...tip, servedAtMs: null, servedCategory: null };
    case 'done':
      return { ...tip, doneAtMs: null, doneUtcOffsetMin: null };
    case 'dismiss':
      return { ...tip, dismissAtMs: null };
    case 'snooze':
      return { ...tip, snoozeAtMs: null };
  }
}
