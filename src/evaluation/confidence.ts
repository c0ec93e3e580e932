/**
 * Intervals for the mean of bounded values, without assuming a distribution.
 *
 * `empiricalBernstein`: Maurer and Pontil, "Empirical Bernstein bounds and sample variance penalization" (COLT 2009), theorem 4, for a number of rows
 * that was fixed before. `ConfidenceSequence`: the predictable plug-in empirical Bernstein sequence of Waudby-Smith and Ramdas, "Estimating means of
 * bounded random variables by betting" (JRSS B 2024), theorem 2, which holds at all times at once, so it may be looked at after every row.
 */
import { sum } from './estimators.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface Bounds {
  /** No value lies outside. */
  readonly min: number;
  readonly max: number;
}

/** Two-sided, at confidence 1 - alpha; the whole range below two values. */
export function empiricalBernstein(values: readonly number[], { min, max }: Bounds, alpha: number): Interval {
  const n = values.length;
  if (n < 2) return { low: min, high: max };
  const mean = sum(values) / n;
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (n - 1);
  const log = Math.log(4 / alpha);
  const radius = Math.sqrt((2 * variance * log) / n) + (7 * (max - min) * log) / (3 * (n - 1));
  return { low: Math.max(min, mean - radius), high: Math.min(max, mean + radius) };
}

/** `empiricalBernstein` of values that are 0 or 1: `ones` of `n`. */
export function intervalOfShare(ones: number, n: number, alpha: number): Interval {
  const unit = { min: 0, max: 1 };
  if (n < 2) return empiricalBernstein([], unit, alpha);
  const mean = ones / n;
  const log = Math.log(4 / alpha);
  const radius = Math.sqrt((2 * ((mean * (1 - mean) * n) / (n - 1)) * log) / n) + (7 * log) / (3 * (n - 1));
  return { low: Math.max(0, mean - radius), high: Math.min(1, mean + radius) };
}

/** A bet is never more than this, so that one value cannot lose everything. */
const LARGEST_BET = 0.5;

export class ConfidenceSequence {
  readonly #bounds: Bounds;
  readonly #alpha: number;
  #n = 0;
  /** Of the values scaled to [0, 1]. */
  #sum = 0;
  #squares = 0;
  #bets = 0;
  #won = 0;
  #cost = 0;
  #low: number;
  #high: number;

  constructor(bounds: Bounds, alpha: number) {
    if (!(bounds.max > bounds.min)) throw new RangeError(`no values lie between ${bounds.min} and ${bounds.max}`);
    this.#bounds = bounds;
    this.#alpha = alpha;
    [this.#low, this.#high] = [bounds.min, bounds.max];
  }

  /** Throws RangeError for a value outside the bounds: the sequence would not hold. */
  add(value: number): void {
    const { min, max } = this.#bounds;
    if (!(value >= min && value <= max)) throw new RangeError(`${value} is not between ${min} and ${max}`);
    const x = (value - min) / (max - min);
    const t = this.#n + 1;
    // What is bet on row t depends on the rows before it alone.
    const mean = (0.5 + this.#sum) / t;
    const variance = (0.25 + this.#squares) / t;
    const bet = Math.min(LARGEST_BET, Math.sqrt((2 * Math.log(2 / this.#alpha)) / (variance * t * Math.log(1 + t))));
    this.#bets += bet;
    this.#won += bet * x;
    this.#cost += 4 * (x - mean) ** 2 * ((-Math.log(1 - bet) - bet) / 4);
    this.#n = t;
    this.#sum += x;
    this.#squares += (x - (0.5 + this.#sum) / (t + 1)) ** 2;

    const centre = this.#won / this.#bets;
    const radius = (Math.log(2 / this.#alpha) + this.#cost) / this.#bets;
    this.#low = Math.max(this.#low, min + (max - min) * (centre - radius));
    this.#high = Math.min(this.#high, min + (max - min) * (centre + radius));
  }

  /** What the mean lies in, with probability 1 - alpha over all times together; it only ever shrinks. */
  get interval(): Interval {
    return { low: this.#low, high: this.#high };
  }

  get n(): number {
    return this.#n;
  }
}
