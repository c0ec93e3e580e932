/**
 * Estimates of a policy's mean reward from decisions that another policy made.
 *
 * IPS: Horvitz and Thompson (1952). Clipped IPS: Bottou et al., "Counterfactual reasoning and learning systems" (JMLR 2013). SNIPS:
 * Swaminathan and Joachims, "The self-normalized estimator for counterfactual learning" (NIPS 2015). Doubly robust: Dudik, Langford
 * and Li (ICML 2011). Effective sample size: Kish (1965).
 */
import { EffectiveSize } from './effective-size.js';
import { rewardOf, weightOf, type EvaluationRow } from './row.js';
import { Total } from './total.js';

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

/** Rows come one by one, and none is kept. Those without a reward count as 0. */
export class EstimateSums {
  readonly #clip: number;
  readonly #rewards = new Total();
  readonly #weights = new EffectiveSize();
  readonly #weighted = new Total();
  readonly #clipped = new Total();
  readonly #model = new Total();
  #n = 0;
  #cut = 0;
  #modelled = 0;

  constructor(clip: number) {
    this.#clip = clip;
  }

  add(row: EvaluationRow): void {
    const [weight, reward] = [weightOf(row), rewardOf(row)];
    this.#n++;
    this.#rewards.add(reward);
    this.#weights.add(weight);
    this.#weighted.add(weight * reward);
    this.#clipped.add(Math.min(weight, this.#clip) * reward);
    if (weight > this.#clip) this.#cut++;
    if (row.expected === null) return;
    this.#modelled++;
    // What the model expects, corrected by what it got wrong where the decision was logged.
    this.#model.add(row.expected.underNew + weight * (reward - row.expected.served));
  }

  /** Of no rows they are null. */
  get estimates(): Estimates {
    const n = this.#n;
    const mean = ({ value }: Total): number | null => (n === 0 ? null : value / n);
    const { total, value: ess, largest } = this.#weights;
    return {
      n,
      logged: mean(this.#rewards),
      ips: mean(this.#weighted),
      clipped_ips: mean(this.#clipped),
      snips: total === 0 ? null : this.#weighted.value / total,
      doubly_robust: this.#modelled < n ? null : mean(this.#model),
      ess,
      max_weight: largest,
      mean_weight: n === 0 ? null : total / n,
      clipped_share: n === 0 ? null : this.#cut / n,
    };
  }
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
