/**
 * Intervals for the mean of bounded values, without assuming a distribution.
 *
 * `empiricalBernstein`: Maurer and Pontil, "Empirical Bernstein bounds and sample variance penalization" (COLT 2009), theorem 4, for a
 * number of rows that was fixed before and one mean that all of them have. `ConfidenceSequence`: two of bounds/lower-bound.ts, which hold
 * at all times at once, so it may be looked at after every row, and whatever becomes of the mean meanwhile.
 */
import { sum } from './estimators.js';
import { LowerBound } from './bounds/lower-bound.js';
import { RATES_FOR_ALL_TIMES } from './bounds/rates.js';

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

/** As `empiricalBernstein`, of the sum of `n` values within a range: with the largest variance that they can have. */
export function intervalOfMean(total: number, n: number, { low, high }: Interval, alpha: number): Interval {
  if (n < 2) return { low, high };
  // Within [0, 1], where values vary most when each is at an end.
  const mean = (total / n - low) / (high - low);
  const log = Math.log(4 / alpha);
  const radius = Math.sqrt((2 * ((mean * (1 - mean) * n) / (n - 1)) * log) / n) + (7 * log) / (3 * (n - 1));
  return { low: low + (high - low) * Math.max(0, mean - radius), high: low + (high - low) * Math.min(1, mean + radius) };
}

export class ConfidenceSequence {
  readonly #bounds: Bounds;
  readonly #fromBelow: LowerBound;
  readonly #fromAbove: LowerBound;
  readonly #alpha: number;

  constructor(bounds: Bounds, alpha: number) {
    const { min, max } = bounds;
    if (!(max > min)) throw new RangeError(`no values lie between ${min} and ${max}`);
    this.#bounds = bounds;
    this.#alpha = alpha;
    this.#fromBelow = new LowerBound(max - min);
    this.#fromAbove = new LowerBound(max - min);
  }

  /** Throws RangeError for a value outside the bounds: the sequence would not hold. */
  add(value: number): void {
    const { min, max } = this.#bounds;
    if (!(value >= min && value <= max)) throw new RangeError(`${value} is not between ${min} and ${max}`);
    this.#fromBelow.add(value - min);
    this.#fromAbove.add(max - value);
  }

  /**
   * What the mean lies in, with probability 1 - alpha over all times together; where the mean changes, the average of the means so far.
   * Later intervals are not cut down to earlier ones: those were about an earlier average.
   */
  get interval(): Interval {
    const { min, max } = this.#bounds;
    const [low, high] = [this.#fromBelow, this.#fromAbove].map((bound) => bound.value(this.#alpha / 2, RATES_FOR_ALL_TIMES));
    return { low: min + low!, high: max - high! };
  }

  get n(): number {
    return this.#fromBelow.n;
  }
}
