/**
 * From above, how large the mean of (weight - 1) x reward can be: two supermartingales, half the stake on each.
 *
 * - Of the reward that was missed, (weight - 1)(1 - reward), which is the same on average with the other sign, as weights are 1 on
 *   average. Its bound needs no largest weight. Where rewards are rare it is wide: almost every decision missed its reward.
 * - Of the values themselves, for weights that are never above some C: y = (g - z) / C >= -1 for a guess g >= 0, and the rest is as in
 *   lower-bound.ts. C may grow while values come in, as long as each decision's is known before its reward: psi(l C) / C^2 grows with C,
 *   so the product with the C of now is at most the supermartingale, and a rate counts as long as l C < 1.
 */
import { BISECTIONS, LowerBound, psi } from './lower-bound.js';
import { logSumExp, type Mixture } from './rates.js';

const HALF = Math.log(0.5);
/** 1 and a difference of two mean rewards: at most 2. */
export const CEILING = 2;

export class UpperBound {
  readonly #missed = new LowerBound(CEILING);
  #n = 0;
  #sum = 0;
  /** Of (g - z)^2. */
  #squares = 0;
  /** Of a weight less 1; at least 1, so that something can be divided by it. */
  #largest = 1;

  /** `largestWeight`: of all candidates that the decision had. */
  add(weight: number, reward: number, largestWeight: number): void {
    this.#missed.add(reward + weight * (1 - reward));
    const guess = Math.min(1, Math.max(0, this.#n === 0 ? 0 : this.#sum / this.#n));
    const z = (weight - 1) * reward;
    this.#largest = Math.max(this.#largest, largestWeight - 1, weight - 1);
    this.#squares += (guess - z) ** 2;
    this.#sum += z;
    this.#n++;
  }

  /** As LowerBound does. */
  take(other: UpperBound): void {
    this.#missed.take(other.#missed);
    this.#n += other.#n;
    this.#sum += other.#sum;
    this.#squares += other.#squares;
    this.#largest = Math.max(this.#largest, other.#largest);
  }

  /**
   * The average of the true differences is not above it, with probability 1 - alpha. Between the average of the values and 1. `mixture`
   * for the missed rewards; `fine`, of rates by which values themselves are multiplied, for the values.
   */
  value(alpha: number, mixture: Mixture, fine: Mixture): number {
    const limit = Math.log(1 / alpha);
    const logWealth = (mean: number): number =>
      logSumExp([HALF + this.#missed.logWealth(1 - mean, mixture), HALF + this.#logWealth(mean, fine)]);
    if (this.#n === 0 || logWealth(1) < limit) return 1;
    let [open, refuted] = [Math.min(1, this.#sum / this.#n), 1];
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (open + refuted) / 2;
      if (logWealth(middle) >= limit) refuted = middle;
      else open = middle;
    }
    return refuted;
  }

  /** At least 2. */
  get largestWeight(): number {
    return this.#largest + 1;
  }

  #logWealth(mean: number, { rates, logShares }: Mixture): number {
    const excess = this.#n * mean - this.#sum;
    const terms = rates.flatMap((rate, k) => {
      const scaled = rate * this.#largest;
      return scaled < 1 ? [logShares[k]! + rate * excess - (psi(scaled) / this.#largest ** 2) * this.#squares] : [];
    });
    return logSumExp(terms);
  }
}
