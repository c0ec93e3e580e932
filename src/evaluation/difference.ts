/**
 * How much more reward the new policy would have received than the one that decided, on the same decisions: the mean of
 * (weight - 1) x reward.
 *
 * Rewards lie in [0, 1], or are taken as shares of what they lie within, so no row is below -1, however large its weight: from below the
 * difference is bounded without cutting a weight. Logs of a policy that explores a tenth of the time have weights of 73 at 8 candidates;
 * cut at 10, a policy that is better looks surely worse. From above see bounds/upper-bound.ts.
 */
import type { Interval } from './confidence.js';
import { GainTest, plannedGrowths, valuesUntil } from './bounds/gain-test.js';
import { LowerBound } from './bounds/lower-bound.js';
import { FINE_RATES, ratesFor, RATES_FOR_ALL_TIMES, type Mixture } from './bounds/rates.js';
import { CEILING, UpperBound } from './bounds/upper-bound.js';
import { DEFAULT_RANGE, type RewardRange } from '../policies/controls/reward-rules.js';
import { ValueShares } from './power/value-shares.js';
import { rewardOf, weightOf, type EvaluationRow } from './row.js';
import { Total } from './total.js';

export interface PairedDifference {
  /** ips - logged. null of no rows. */
  readonly mean: number | null;
  /** For the rows as they are. */
  readonly interval: Interval;
  /** Holds however often it has been looked at while rows came in, in their order. */
  readonly confidence_sequence: Interval;
  /** How much a bet against "the difference is not above min_gain" has grown; at least 1 / alpha shows a gain, whenever it is looked at. */
  readonly e_value: number;
  /** That no candidate of any decision would have exceeded; the upper ends go by it. */
  readonly weights_up_to: number;
  /** Whether that is taken from the rows: the largest new over the smallest logged propensity that any of them has. */
  readonly weights_assumed: boolean;
}

/** e^700 is a number, and e^710 none. */
const LARGEST_LOG = 700;

/**
 * Rows without a reward count as 0. Of rows with a reward alone the lower ends hold all the same - dones gained, a decision with a
 * reward - and the upper ends where what is chosen does not change whether a reward comes.
 *
 * All are about the average over the rows' own true differences, which may change as policies learn.
 */
export class DifferenceSums {
  readonly #more = new LowerBound(CEILING);
  readonly #less = new UpperBound();
  readonly #gain: GainTest;
  readonly #low: number;
  readonly #span: number;
  /** As a share of the range. */
  readonly #minGain: number;
  readonly #sum = new Total();
  /** Of rewards as shares of their range. */
  readonly #squares = new Total();
  /** Of the variances of the weights. */
  readonly #spread = new Total();
  readonly #values = new ValueShares();
  #newUpTo = 0;
  #loggedDownTo = 1;
  #assumed = false;

  /** `minGain`: see `e_value`. `range`: what rewards lie within, 0 too. */
  constructor(minGain: number, { low, high }: RewardRange = DEFAULT_RANGE) {
    this.#low = low;
    this.#span = high - low;
    this.#minGain = minGain / this.#span;
    this.#gain = new GainTest(this.#minGain);
  }

  add(row: EvaluationRow): void {
    const weight = weightOf(row);
    // As a share of the range: what is shown of shares is shown of rewards, because weights are 1 on average.
    const reward = (rewardOf(row) - this.#low) / this.#span;
    const z = (weight - 1) * reward;
    this.#sum.add((weight - 1) * rewardOf(row));
    this.#squares.add(reward ** 2);
    this.#spread.add(row.weights?.variance ?? (weight - 1) ** 2);
    this.#gain.add(z);
    this.#values.add(row.weights ?? weight, reward, row.reward !== null);
    // 1 + (weight - 1) x reward, written so that rounding cannot make it negative.
    this.#more.add(1 - reward + weight * reward);
    this.#less.add(weight, reward, this.#largestWeightOf(row));
  }

  /** Of rows that came between those of this one. */
  take(other: DifferenceSums): void {
    this.#more.take(other.#more);
    this.#less.take(other.#less);
    this.#gain.take(other.#gain);
    this.#values.take(other.#values);
    this.#sum.take(other.#sum);
    this.#squares.take(other.#squares);
    this.#spread.take(other.#spread);
    this.#newUpTo = Math.max(this.#newUpTo, other.#newUpTo);
    this.#loggedDownTo = Math.min(this.#loggedDownTo, other.#loggedDownTo);
    this.#assumed ||= other.#assumed;
  }

  get n(): number {
    return this.#more.n;
  }

  /** Both intervals at confidence 1 - alpha. */
  result(alpha: number): PairedDifference {
    return {
      mean: this.mean,
      interval: this.interval(alpha),
      confidence_sequence: this.#interval(alpha, RATES_FOR_ALL_TIMES, FINE_RATES),
      e_value: Math.exp(Math.min(LARGEST_LOG, this.logEvidence)),
      weights_up_to: this.#less.largestWeight,
      weights_assumed: this.#assumed,
    };
  }

  /** For the rows as they are, at confidence 1 - alpha. */
  interval(alpha: number): Interval {
    const fine = ratesFor(this.n, alpha / 2, 0.9 / (this.#less.largestWeight - 1));
    return this.#interval(alpha, ratesFor(this.n, alpha / 2), fine);
  }

  /** log of `e_value`. */
  get logEvidence(): number {
    return this.#gain.logEvidence;
  }

  /** What the rows can say of a policy that chooses as this one does, with rewards as shares of their range. */
  get values(): ValueShares {
    return this.#values;
  }

  get mean(): number | null {
    return this.n === 0 ? null : this.#sum.value / this.n;
  }

  /** About how many rows like these it takes until e_value is 1 / alpha; null: it never is. */
  rowsUntil(alpha: number): number | null {
    return this.#gain.valuesUntil(Math.log(1 / alpha));
  }

  /** The same of rows whose true difference is `mean`, at the weights and the share of rewards that these have. */
  rowsUntilIf(alpha: number, mean: number): number | null {
    if (this.n === 0) return null;
    return valuesUntil(plannedGrowths(mean / this.#span - this.#minGain, this.#variance), Math.log(1 / alpha));
  }

  /** The mean drawn towards 0 by how uncertain it is: 0 of few rows, the mean of many. 0 where it is negative. */
  get likelyGain(): number {
    const mean = Math.max(0, this.mean ?? 0);
    return mean === 0 ? 0 : mean ** 3 / (mean ** 2 + (this.#variance * this.#span ** 2) / this.n);
  }

  /** Of a row's value as a share of the range, by what its weight could have been. */
  get #variance(): number {
    // As if one more had been done and one had not: of few rows nobody knows that none ever is.
    return ((this.#squares.value + 1) / (this.n + 2)) * (this.#spread.value / this.n);
  }

  #interval(alpha: number, mixture: Mixture, fine: Mixture): Interval {
    const [low, high] = [this.#more.value(alpha / 2, mixture) - 1, this.#less.value(alpha / 2, mixture, fine)];
    return { low: low * this.#span, high: high * this.#span };
  }

  #largestWeightOf({ weights, newPropensity, loggedPropensity }: EvaluationRow): number {
    if (weights !== null) return weights.largest;
    this.#assumed = true;
    this.#newUpTo = Math.max(this.#newUpTo, newPropensity);
    this.#loggedDownTo = Math.min(this.#loggedDownTo, loggedPropensity);
    return this.#newUpTo / this.#loggedDownTo;
  }
}
