/** A user's tips in the order of their kept times, read from any time on. */
import type { TipState } from './tip.js';

export interface TimedTip {
  /** One of the tip's kept times, Unix ms. */
  readonly atMs: number;
  readonly tip: TipState;
}

export interface TipOrder {
  /** Each tip once for each of its different kept times >= `fromMs`, ascending. Several may be under way at once. */
  tipsFrom(fromMs: number): Iterator<TimedTip>;
}

/** In memory, for few. */
export function heldOrder(tips: Iterable<TipState>): TipOrder {
  const held: TimedTip[] = [];
  for (const tip of tips) {
    const { servedAtMs, doneAtMs, dismissAtMs, snoozeAtMs } = tip;
    if (servedAtMs !== null) held.push({ atMs: servedAtMs, tip });
    if (doneAtMs !== null && doneAtMs !== servedAtMs) held.push({ atMs: doneAtMs, tip });
    if (dismissAtMs !== null && dismissAtMs !== servedAtMs && dismissAtMs !== doneAtMs) held.push({ atMs: dismissAtMs, tip });
    if (snoozeAtMs !== null && snoozeAtMs !== servedAtMs && snoozeAtMs !== doneAtMs && snoozeAtMs !== dismissAtMs)
      held.push({ atMs: snoozeAtMs, tip });
  }
  held.sort((a, b) => a.atMs - b.atMs);
  return {
    tipsFrom(fromMs) {
      let at = firstAtOrAfter(held, fromMs);
      return { next: () => (at < held.length ? { done: false, value: held[at++]! } : { done: true, value: undefined }) };
    },
  };
}

function firstAtOrAfter(held: readonly TimedTip[], fromMs: number): number {
  let [low, high] = [0, held.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (held[middle]!.atMs < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
