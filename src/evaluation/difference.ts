/** What the new policy would have earned more than the one that decided, on the same decisions. */
import { ConfidenceSequence, empiricalBernstein, type Interval } from './confidence.js';
import { sum } from './estimators.js';
import { weightOf, type RewardedRow } from './row.js';

export interface PairedDifference {
  /** Of (min(weight, clip) - 1) x reward: below the true difference, on average, by what clipping cuts. null of no rows. */
  readonly mean: number | null;
  /** Empirical Bernstein, for the rows as they are. */
  readonly interval: Interval;
  /** Holds however often it has been looked at while rows came in, in their order. */
  readonly confidence_sequence: Interval;
}

/** Rewards lie in [0, 1]. Clipping only ever lowers a row's value, so the lower ends hold for the true difference too. */
export function pairedDifference(rows: readonly RewardedRow[], clip: number, alpha: number): PairedDifference {
  const bounds = { min: -1, max: Math.max(1, clip - 1) };
  const values = rows.map((row) => (Math.min(weightOf(row), clip) - 1) * row.reward);
  const sequence = new ConfidenceSequence(bounds, alpha);
  for (const value of values) sequence.add(value);
  return { mean: rows.length === 0 ? null : sum(values) / rows.length, interval: empiricalBernstein(values, bounds, alpha), confidence_sequence: sequence.interval };
}
