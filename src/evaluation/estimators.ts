/**
 * Estimates of a policy's mean reward from decisions that another policy made.
 *
 * IPS: Horvitz and Thompson (1952). Clipped IPS: Bottou et al., "Counterfactual reasoning and learning systems" (JMLR 2013). SNIPS: Swaminathan and
 * Joachims, "The self-normalized estimator for counterfactual learning" (NIPS 2015). Doubly robust: Dudik, Langford and Li (ICML 2011).
 * Effective sample size: Kish (1965).
 */
import { weightOf, type RewardedRow } from './row.js';

export interface Estimates {
  /** Rows. */
  readonly n: number;
  /** Mean reward of the logged decisions: what the policy that decided earned. */
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

/** Estimates from no rows are null. */
export function estimate(rows: readonly RewardedRow[], clip: number): Estimates {
  const weights = rows.map(weightOf);
  const total = sum(weights);
  const squares = sum(weights.map((weight) => weight * weight));
  const rewarded = sum(rows.map(({ reward }, i) => weights[i]! * reward));
  const n = rows.length;
  const mean = (values: readonly number[]): number | null => (n === 0 ? null : sum(values) / n);
  return {
    n,
    logged: mean(rows.map(({ reward }) => reward)),
    ips: n === 0 ? null : rewarded / n,
    clipped_ips: mean(rows.map(({ reward }, i) => Math.min(weights[i]!, clip) * reward)),
    snips: total === 0 ? null : rewarded / total,
    doubly_robust: doublyRobust(rows, weights),
    ess: squares === 0 ? 0 : (total * total) / squares,
    max_weight: weights.reduce((largest, weight) => Math.max(largest, weight), 0),
    mean_weight: n === 0 ? null : total / n,
    clipped_share: mean(weights.map((weight) => (weight > clip ? 1 : 0))),
  };
}

/** What the model expects, corrected by what it got wrong where the decision was logged. */
function doublyRobust(rows: readonly RewardedRow[], weights: readonly number[]): number | null {
  let total = 0;
  for (const [i, { reward, expected }] of rows.entries()) {
    if (expected === null) return null;
    total += expected.underNew + weights[i]! * (reward - expected.served);
  }
  return rows.length === 0 ? null : total / rows.length;
}

/** Pairwise, so that the error grows with the logarithm of their number and does not depend on the order of magnitude of what came before. */
export function sum(values: readonly number[], from = 0, to = values.length): number {
  if (to - from <= 16) {
    let total = 0;
    for (let i = from; i < to; i++) total += values[i]!;
    return total;
  }
  const middle = (from + to) >> 1;
  return sum(values, from, middle) + sum(values, middle, to);
}
