/**
 * How much more reward the new policy would have received than the one that decided, on the same decisions: the mean of
 * (weight - 1) x reward.
 *
 * Rewards lie in [0, 1], so no row is below -1, however large its weight: from below the difference is bounded without cutting a
 * weight. From above it is minus the same of what was not earned, (weight - 1) x (1 - reward), because weights are 1 on average. Logs
 * of a policy that explores a tenth of the time have weights of 73 at 8 candidates; cut at 10, a policy that is better looks surely
 * worse.
 */
import type { Interval } from './confidence.js';
import { sum } from './estimators.js';
import { LowerBound, ratesFor, RATES_FOR_ALL_TIMES } from './lower-bound.js';
import { rewardOf, weightOf, type EvaluationRow } from './row.js';

export interface PairedDifference {
  /** ips - logged. null of no rows. */
  readonly mean: number | null;
  /** For the rows as they are. */
  readonly interval: Interval;
  /** Holds however often it has been looked at while rows came in, in their order. */
  readonly confidence_sequence: Interval;
}

/** 1 and a difference of two mean rewards: at most 2. */
const CEILING = 2;

/**
 * Rows without a reward count as 0. Of rows with a reward alone the lower ends hold all the same - dones gained, a decision with a
 * reward - and the upper ends where what is chosen does not change whether a reward comes.
 *
 * Both intervals are of the average over the rows' own true differences, which may change as policies learn, at confidence 1 - alpha.
 */
export function pairedDifference(rows: readonly EvaluationRow[], alpha: number): PairedDifference {
  const once = ratesFor(rows.length, alpha / 2);
  return {
    mean: rows.length === 0 ? null : sum(rows.map((row) => (weightOf(row) - 1) * rewardOf(row))) / rows.length,
    interval: intervalBy(rows, alpha, once),
    confidence_sequence: intervalBy(rows, alpha, RATES_FOR_ALL_TIMES),
  };
}

function intervalBy(rows: readonly EvaluationRow[], alpha: number, rates: readonly number[]): Interval {
  const [more, less] = [new LowerBound(CEILING, alpha / 2, rates), new LowerBound(CEILING, alpha / 2, rates)];
  for (const row of rows) {
    const [weight, reward] = [weightOf(row), rewardOf(row)];
    // 1 + (weight - 1) x reward, written so that rounding cannot make it negative.
    more.add(1 - reward + weight * reward);
    less.add(reward + weight * (1 - reward));
  }
  return { low: more.value - 1, high: 1 - less.value };
}
