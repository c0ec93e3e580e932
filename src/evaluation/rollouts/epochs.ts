/**
 * A rollout whose percentage changes is several tests, one for each stretch of time between changes, which share one alpha.
 *
 * Each epoch compares the decisions since its start. Epoch j may spend what the looks of the earlier ones have left, and no more than
 * alpha / 2^(j - 1). So a false rollback in the whole rollout has a probability of at most alpha where the changes do not depend on what
 * was seen, and of at most twice alpha whatever the owner makes them depend on.
 */
import { looksOf } from './looks.js';
import type { Split } from './split.js';

/** From a time on, this percentage of the users is treated: a hold-out is taken off already. */
export interface Step {
  /** Unix ms. */
  readonly atMs: number;
  readonly percent: number;
}

export interface Epoch {
  /** 1, 2, .. */
  readonly number: number;
  /** Unix ms. */
  readonly startMs: number;
  /** null: it goes on. */
  readonly endMs: number | null;
  readonly alpha: number;
  /** Everybody: decides the rollback. */
  readonly everybody: Split;
  /**
   * Decides a gain. After a raise these are the users whose place no earlier epoch has used, newly treated ones against those who stay:
   * who raises because it looks good has chosen among the others. null after the percentage was lowered: nobody is newly treated.
   */
  readonly fresh: Split | null;
}

/** `steps` of one rollout, oldest first, at least one. Throws RangeError for others. */
export function epochsOf(rolloutId: string, steps: readonly Step[], alpha: number, horizonMs?: number): Epoch[] {
  const [first] = steps;
  if (first === undefined) throw new RangeError('a rollout has at least one step');
  const epochs: Epoch[] = [];
  /** The greatest percentage that was ever treated. */
  let reached = 0;
  let left = alpha;
  for (const [i, { atMs: startMs, percent }] of steps.entries()) {
    const endMs = steps[i + 1]?.atMs ?? null;
    if (!(percent >= 0 && percent <= 100)) throw new RangeError(`${percent} is no percentage`);
    if (endMs !== null && endMs < startMs) throw new RangeError('the steps of a rollout are in the order of their times');
    const own = Math.min(left, alpha / 2 ** i);
    epochs.push({
      number: i + 1,
      startMs,
      endMs,
      alpha: own,
      // Who was treated once is no control.
      everybody: { rolloutId, fromPercent: 0, percent, controlFromPercent: Math.max(reached, percent) },
      fresh: percent > reached ? { rolloutId, fromPercent: reached, percent, controlFromPercent: percent } : null,
    });
    reached = Math.max(reached, percent);
    if (endMs === null) continue;
    const looks = looksOf({ rolloutStartMs: first.atMs, startMs, untilMs: endMs, ...(horizonMs === undefined ? {} : { horizonMs }) });
    left -= own * (looks.at(-1)?.spent ?? 0);
  }
  return epochs;
}

/** A hold-out that leaves something to compare with at 100 percent: 5 percent, and of few users as many percent as 50 of them are. */
export function leastHoldout(users: number): number {
  return Math.min(50, Math.max(5, Math.ceil((100 * 50) / Math.max(1, users))));
}
