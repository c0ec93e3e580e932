/** Order statistics of whole numbers, such as how many candidates decisions had. */

export interface Quantiles {
  /** A tenth of the values are not above it. */
  readonly low: number;
  readonly median: number;
  /** A tenth of the values are not below it. */
  readonly high: number;
}

/** Each is one of the values; null of none. */
export function quantilesOf(values: Iterable<number>): Quantiles | null {
  const sorted = Float64Array.from(values).sort();
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  return { low: at(0.1), median: at(0.5), high: sorted[Math.ceil(0.9 * (sorted.length - 1))]! };
}
