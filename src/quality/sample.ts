/**
 * Takes values of a feature one by one, in memory that does not grow with their number. Numbers are kept exactly while there are at most
 * MOST_VALUES different ones; beyond that, neighbours are put together, and the sample says how far a rank can be off. Pure.
 */
import { mergeRuns, type CategoricalDistribution, type Distribution, type NumericDistribution, type Runs } from './distribution.js';

/** Distinct numbers of one feature: 2 MiB. */
export const MOST_VALUES = 131_072;
/** Distinct texts of one feature; further ones are counted together. */
export const MOST_CATEGORIES = 10_000;
const PENDING = 65_536;

export interface Sample {
  /** What is not a value of the sample's kind counts as null. */
  add(value: unknown): void;
  /** Of what was added so far. */
  distribution(): Distribution;
}

export class NumericSample implements Sample {
  readonly #most: number;
  readonly #pending: Float64Array;
  #length = 0;
  #n = 0;
  #nulls = 0;
  #rankError = 0;
  #runs: Runs = { values: new Float64Array(0), counts: new Float64Array(0) };

  constructor(most = MOST_VALUES) {
    this.#most = most;
    this.#pending = new Float64Array(Math.min(PENDING, most));
  }

  add(value: unknown): void {
    if (typeof value !== 'number' || Number.isNaN(value)) {
      this.#nulls++;
      return;
    }
    this.#n++;
    this.#pending[this.#length++] = value + 0; // -0 becomes 0
    if (this.#length === this.#pending.length) this.#settle();
  }

  distribution(): NumericDistribution {
    this.#settle();
    return { kind: 'numeric', n: this.#n, nulls: this.#nulls, ...this.#runs, rankError: this.#rankError };
  }

  #settle(): void {
    if (this.#length === 0) return;
    this.#runs = mergeRuns(this.#runs, runsOf(this.#pending.subarray(0, this.#length).sort()));
    this.#length = 0;
    if (this.#runs.values.length <= this.#most) return;
    const { runs, error } = compacted(this.#runs, Math.floor(this.#most / 2));
    this.#runs = runs;
    this.#rankError += error;
  }
}

function runsOf(sorted: Float64Array): Runs {
  const values = new Float64Array(sorted.length);
  const counts = new Float64Array(sorted.length);
  let length = 0;
  for (const value of sorted) {
    if (length === 0 || values[length - 1] !== value) values[length++] = value;
    counts[length - 1]!++;
  }
  return { values: values.slice(0, length), counts: counts.slice(0, length) };
}

/**
 * About `most` runs of equal weight. Each is named after its largest value, so ranks at the values that stay are as they were, and between
 * two of them off by less than the weight that was moved: `error`. The smallest value stays.
 */
function compacted({ values, counts }: Runs, most: number): { readonly runs: Runs; readonly error: number } {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const kept: number[] = [values[0]!];
  const weights: number[] = [counts[0]!];
  let [weight, error] = [0, 0];
  for (let at = 1; at < values.length; at++) {
    weight += counts[at]!;
    if (weight < total / most && at < values.length - 1) continue;
    kept.push(values[at]!);
    weights.push(weight);
    error = Math.max(error, weight - counts[at]!);
    weight = 0;
  }
  return { runs: { values: Float64Array.from(kept), counts: Float64Array.from(weights) }, error };
}

export class CategoricalSample implements Sample {
  readonly #most: number;
  readonly #counts = new Map<string, number>();
  #n = 0;
  #nulls = 0;
  #others = 0;

  constructor(most = MOST_CATEGORIES) {
    this.#most = most;
  }

  add(value: unknown): void {
    if (typeof value !== 'string') {
      this.#nulls++;
      return;
    }
    this.#n++;
    const count = this.#counts.get(value);
    if (count !== undefined || this.#counts.size < this.#most) this.#counts.set(value, (count ?? 0) + 1);
    else this.#others++;
  }

  distribution(): CategoricalDistribution {
    return { kind: 'categorical', n: this.#n, nulls: this.#nulls, counts: new Map(this.#counts), others: this.#others };
  }
}
