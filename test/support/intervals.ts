/**
 * What intervals are compared with, and the bounds tried as whoever looks all the time would.
 *
 * `empiricalBernstein`: Maurer and Pontil, "Empirical Bernstein bounds and sample variance penalization" (COLT 2009), theorem 4, of a list
 * of values. `ConfidenceSequence`: two of bounds/lower-bound.ts, which hold at all times at once, whatever becomes of the mean meanwhile.
 */
import { LowerBound } from '../../src/evaluation/bounds/lower-bound.js';
import { RATES_FOR_ALL_TIMES } from '../../src/evaluation/bounds/rates.js';
import type { Interval } from '../../src/evaluation/confidence.js';
import { sum } from '../../src/evaluation/estimators.js';

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
