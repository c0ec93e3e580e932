/**
 * Estimates of a policy's mean reward from decisions that another policy made.
 *
 * IPS: Horvitz and Thompson (1952). Clipped IPS: Bottou et al., "Counterfactual reasoning and learning systems" (JMLR 2013). SNIPS:
 * Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning" (NIPS 2015). Doubly robust: Dudik, Langford
 * and Li (ICML 2011). Effective sample size: Kish (1965).
 */
import { rewardOf, weightOf, type EvaluationRow } from './row.js';

export interface Estimates {
  /** Rows. */
  readonly n: number;
  /** Mean reward of the logged decisions: the reward of the policy that decided. */
  readonly logged: number | null;
  readonly ips: number | null;
  /** IPS with weights of at most `clip`: less variance, biased downwards where it cuts. */
  readonly clipped_ips: number | null;
  /** null also when every weight is 0. */
  readonly snips: number | null;
  /** null when any row lacks expected rewards. */
  readonly doubly_robust: number | null;
  /** Effective sample size: how many decisions of its own the new policy's estimate is worth. */
  readonly ess: number;
  readonly max_weight: number;
  /** Should be near 1: the new policy's probabilities, estimated from the same weights. */
  readonly mean_weight: number | null;
  /** Share of rows whose weight was above `clip`. */
  readonly clipped_share: number | null;
}

/** What a table of estimates shows after the number of rows, in this order wherever one is shown. */
export function estimateColumns(of: Omit<Estimates, 'clipped_share'>): readonly (number | null)[] {
  return [of.logged, of.ips, of.clipped_ips, of.snips, of.doubly_robust, of.ess, of.max_weight, of.mean_weight];
}

/** Rows without a reward count as 0. Estimates from no rows are null. */
export function estimate(rows: readonly EvaluationRow[], clip: number): Estimates {
  const weights = rows.map(weightOf);
  const total = sum(weights);
  const largest = weights.reduce((most, weight) => Math.max(most, weight), 0);
  // Relative to the largest, so that no square leaves the range of numbers.
  const squares = largest === 0 ? 0 : sum(weights.map((weight) => (weight / largest) ** 2));
  const rewarded = sum(rows.map((row, i) => weights[i]! * rewardOf(row)));
  const n = rows.length;
  const mean = (values: readonly number[]): number | null => (n === 0 ? null : sum(values) / n);
  return {
    n,
    logged: mean(rows.map(rewardOf)),
    ips: n === 0 ? null : rewarded / n,
    clipped_ips: mean(rows.map((row, i) => Math.min(weights[i]!, clip) * rewardOf(row))),
    snips: total === 0 ? null : rewarded / total,
    doubly_robust: doublyRobust(rows, weights),
    ess: squares === 0 ? 0 : (total / largest) ** 2 / squares,
    max_weight: largest,
    mean_weight: n === 0 ? null : total / n,
    clipped_share: mean(weights.map((weight) => (weight > clip ? 1 : 0))),
  };
}

/** What the model expects, corrected by what it got wrong where the decision was logged. */
function doublyRobust(rows: readonly EvaluationRow[], weights: readonly number[]): number | null {
  let total = 0;
  for (const [i, row] of rows.entries()) {
    const { expected } = row;
    if (expected === null) return null;
    total += expected.underNew + weights[i]! * (rewardOf(row) - expected.served);
  }
  return rows.length === 0 ? null : total / rows.length;
}

/**
 * Pairwise, so that the error grows with the logarithm of their number and does not depend on the order of magnitude of what came
 * before.
 */
export function sum(values: readonly number[], from = 0, to = values.length): number {
  if (to - from <= 16) {
    let total = 0;
    for (let i = from; i < to; i++) total += values[i]!;
    return total;
  }
  const middle = (from + to) >> 1;
  return sum(values, from, middle) + sum(values, middle, to);
}
