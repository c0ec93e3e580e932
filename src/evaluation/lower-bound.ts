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

/** For looking at any time: from a few values to 10^9. */
export const RATES_FOR_ALL_TIMES: readonly number[] = Array.from({ length: 16 }, (_, k) => 2 ** -(k + 1));

/** For looking once, at `n` values: the best rates for a mean square of y from 2^-8 to 16. */
export function ratesFor(n: number, alpha: number): readonly number[] {
  return Array.from({ length: 7 }, (_, k) => Math.min(0.9, Math.sqrt((2 * Math.log(1 / alpha)) / (Math.max(1, n) * 4 ** (k - 4)))));
}

/** To 2^-40 of where it began. */
const BISECTIONS = 40;

export class LowerBound {
  readonly #ceiling: number;
  readonly #logLimit: number;
  readonly #rates: readonly number[];
  readonly #psi: readonly number[];
  #n = 0;
  #sum = 0;
  /** Of y^2. */
  #squares = 0;

  /** `ceiling`: no value's mean is above it, though values may be. */
  constructor(ceiling: number, alpha: number, rates: readonly number[]) {
    if (!(ceiling > 0)) throw new RangeError(`a mean of values that are not negative is not below ${ceiling}`);
    this.#ceiling = ceiling;
    this.#logLimit = Math.log(1 / alpha);
    this.#rates = rates;
    this.#psi = rates.map((rate) => -Math.log1p(-rate) - rate);
  }

  /** Throws RangeError for a negative value: the bound would not hold. */
  add(z: number): void {
    if (!(z >= 0 && z < Infinity)) throw new RangeError(`${z} is not a number from 0 on`);
    const guess = Math.min(this.#ceiling, (this.#ceiling / 2 + this.#sum) / (this.#n + 1));
    this.#squares += ((z - guess) / this.#ceiling) ** 2;
    this.#sum += z;
    this.#n++;
  }

  /** The average of the means of what was added is not below it, with probability 1 - alpha. Between 0 and the average of the values. */
  get value(): number {
    if (this.#n === 0 || this.#logWealth(0) < this.#logLimit) return 0;
    let [refuted, open] = [0, this.#sum / this.#n];
    for (let i = 0; i < BISECTIONS; i++) {
      const middle = (refuted + open) / 2;
      if (this.#logWealth(middle) >= this.#logLimit) refuted = middle;
      else open = middle;
    }
    return refuted;
  }

  get n(): number {
    return this.#n;
  }

  /** Of the mixture, had the average of the means been `mean`; falls as it grows. */
  #logWealth(mean: number): number {
    const excess = (this.#sum - this.#n * mean) / this.#ceiling;
    const term = (k: number): number => this.#rates[k]! * excess - this.#psi[k]! * this.#squares;
    // Relative to the largest term: the terms themselves would overflow.
    let [largest, total] = [-Infinity, 0];
    for (let k = 0; k < this.#rates.length; k++) largest = Math.max(largest, term(k));
    for (let k = 0; k < this.#rates.length; k++) total += Math.exp(term(k) - largest);
    return largest + Math.log(total / this.#rates.length);
  }
}
