/** How often each value of a feature occurs, and what numbers say of it. Pure. */

/** Of numbers: `values` ascending and distinct, `counts` beside them. */
export interface NumericDistribution {
  readonly kind: 'numeric';
  /** Values that are not null. */
  readonly n: number;
  readonly nulls: number;
  readonly values: Float64Array;
  readonly counts: Float64Array;
  /**
   * How many values may lie below a number that is not in `values` and are counted above it; at a number that is, the count is exact.
   * 0: every distinct value is there.
   */
  readonly rankError: number;
}

/** Of texts. */
export interface CategoricalDistribution {
  readonly kind: 'categorical';
  readonly n: number;
  readonly nulls: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Values in none of `counts`: there were too many different ones. */
  readonly others: number;
}

export type Distribution = NumericDistribution | CategoricalDistribution;

export const PERCENTILES = [1, 5, 25, 50, 75, 90, 95, 99] as const;

export interface NumericSummary {
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** Of the values as a sample, divided by n - 1; null below two values. */
  readonly stddev: number | null;
  /** p1, p5, p25, p50, p75, p90, p95, p99: of the sorted values the one at the rank ceil(p n / 100). */
  readonly percentiles: Readonly<Record<string, number>> | null;
}

export function nullRate({ n, nulls }: Distribution): number | null {
  return n + nulls === 0 ? null : nulls / (n + nulls);
}

/** The value at rank ceil(share n); undefined where there is none. */
export function quantileOf({ n, values, counts }: NumericDistribution, share: number): number | undefined {
  const rank = Math.max(1, Math.ceil(share * n));
  let seen = 0;
  for (let at = 0; at < values.length; at++) if ((seen += counts[at]!) >= rank) return values[at];
  return values.at(-1);
}

export function summaryOf(distribution: NumericDistribution): NumericSummary {
  const { n, values, counts } = distribution;
  if (n === 0) return { min: null, max: null, mean: null, stddev: null, percentiles: null };
  const mean = weightedMean(values, counts, n, (value) => value);
  const spread = n < 2 ? null : weightedMean(values, counts, n, (value) => (value - mean) ** 2);
  return {
    min: values[0]!,
    max: values.at(-1)!,
    mean,
    stddev: spread === null ? null : Math.sqrt((spread * n) / (n - 1)),
    percentiles: Object.fromEntries(PERCENTILES.map((percent) => [`p${percent}`, quantileOf(distribution, percent / 100)!])),
  };
}

/** Neumaier's sum, so that a million values lose no digits. */
function weightedMean(values: Float64Array, counts: Float64Array, n: number, of: (value: number) => number): number {
  let [sum, lost] = [0, 0];
  for (let at = 0; at < values.length; at++) {
    const term = of(values[at]!) * counts[at]!;
    const next = sum + term;
    lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
    sum = next;
  }
  return (sum + lost) / n;
}

/** What both have together. It is what one sample of both would have, but for sketches, whose errors add up. */
export function mergedNumeric(a: NumericDistribution, b: NumericDistribution): NumericDistribution {
  const { values, counts } = mergeRuns(a, b);
  return { kind: 'numeric', n: a.n + b.n, nulls: a.nulls + b.nulls, values, counts, rankError: a.rankError + b.rankError };
}

export function mergedCategorical(a: CategoricalDistribution, b: CategoricalDistribution): CategoricalDistribution {
  const counts = new Map(a.counts);
  for (const [value, count] of b.counts) counts.set(value, (counts.get(value) ?? 0) + count);
  return { kind: 'categorical', n: a.n + b.n, nulls: a.nulls + b.nulls, counts, others: a.others + b.others };
}

export interface Runs {
  readonly values: Float64Array;
  readonly counts: Float64Array;
}

/** Two ascending lists of distinct values as one. */
export function mergeRuns(a: Runs, b: Runs): Runs {
  const values = new Float64Array(a.values.length + b.values.length);
  const counts = new Float64Array(values.length);
  let [i, j, length] = [0, 0, 0];
  while (i < a.values.length || j < b.values.length) {
    const [left, right] = [a.values[i] ?? Infinity, b.values[j] ?? Infinity];
    const fromA = i < a.values.length && left <= right;
    const fromB = j < b.values.length && right <= left;
    values[length] = fromA ? left : right;
    counts[length++] = (fromA ? a.counts[i++]! : 0) + (fromB ? b.counts[j++]! : 0);
  }
  return { values: values.slice(0, length), counts: counts.slice(0, length) };
}
