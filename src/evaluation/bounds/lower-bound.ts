/**
 * From below, how small a mean can be of values that are never negative and may be as large as they like: weighted rewards, which are
 * mostly 0 and sometimes 90.
 *
 * For z >= 0, a guess g in [0, c] made from the values before it, and a rate r in [0, 1): y = (z - g) / c is at least -1, and exp(r y
 * - psi(r) y^2) <= 1 + r y with psi(r) = -ln(1 - r) - r (Fan, Grama and Liu, "Exponential inequalities for martingales with
 * applications", EJP 2015). So, with m the mean that z had given all before, the product of exp(r (z - m) / c - psi(r) y^2) is a
 * supermartingale that begins at 1, for every rate, and so is any mixture over rates. By Ville's inequality it reaches 1 / alpha with
 * a probability of at most alpha, ever. The means need not be the same: what is bounded at n values is the average of their n means,
 * which is what policies that learn and users that change leave to be known (Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform,
 * nonparametric, nonasymptotic confidence sequences", Ann. Statist. 2021; Waudby-Smith et al., "Anytime-valid off-policy inference for
 * contextual bandits", ACM/IMS J. Data Sci. 2024).
 */

import { logSumExp, type Mixture } from './rates.js';

/** To 2^-40 of where it began. */
export const BISECTIONS = 40;

export class LowerBound {
  readonly #ceiling: number;
  #n = 0;
  #sum = 0;
  /** Of y^2. */
  #squares = 0;

  /** `ceiling`: no value's mean is above it, though values may be. */
  constructor(ceiling: number) {
    if (!(ceiling > 0)) throw new RangeError(`a mean of values that are not negative is not below ${ceiling}`);
    this.#ceiling = ceiling;
  }

  /** Throws RangeError for a negative value: the bound would not hold. */
  add(z: number): void {
    if (!(z >= 0 && z < Infinity)) throw new RangeError(`${z} is not a number from 0 on`);
    const guess = Math.min(this.#ceiling, (this.#ceiling / 2 + this.#sum) / (this.#n + 1));
    this.#squares += ((z - guess) / this.#ceiling) ** 2;
    this.#sum += z;
    this.#n++;
  }

  /** Of values that came between those of this one: each was guessed from others before it, so the product still holds. */
  take(other: LowerBound): void {
    this.#n += other.#n;
    this.#sum += other.#sum;
    this.#squares += other.#squares;
  }

  /** The average of the means of what was added is not below it, with probability 1 - alpha. Between 0 and the average of the values. */
  value(alpha: number, mixture: Mixture): number {
    const limit = Math.log(1 / alpha);
    if (this.#n === 0 || this.logWealth(0, mixture) < limit) return 0;
    let [refuted, open] = [0, this.#sum / this.#n];
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (refuted + open) / 2;
      if (this.logWealth(middle, mixture) >= limit) refuted = middle;
      else open = middle;
    }
    return refuted;
  }

  get n(): number {
    return this.#n;
  }

  /** Of the mixture, had the average of the means been `mean`; falls as it grows. */
  logWealth(mean: number, { rates, logShares }: Mixture): number {
    const excess = (this.#sum - this.#n * mean) / this.#ceiling;
    return logSumExp(rates.map((rate, k) => logShares[k]! + rate * excess - psi(rate) * this.#squares));
  }
}

/** -log(1 - rate) - rate, for a rate below 1. */
export function psi(rate: number): number {
  return -Math.log1p(-rate) - rate;
}
