/** Order statistics of whole numbers, such as how many candidates decisions had. */

export interface Quantiles {
  /** A tenth of the values are not above it. */
  readonly low: number;
  readonly median: number;
  /** A tenth of the values are not below it. */
  readonly high: number;
}

/** `counts`: value -> how often it was there. Each quantile is one of the values; null of none. */
export function quantilesOf(counts: ReadonlyMap<number, number>): Quantiles | null {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const total = sorted.reduce((sum, [, count]) => sum + count, 0);
  if (total === 0) return null;
  const at = (rank: number): number => {
    let before = 0;
    return sorted.find(([, count]) => (before += count) > rank)![0];
  };
  return { low: at(Math.floor(0.1 * (total - 1))), median: at(Math.floor(0.5 * (total - 1))), high: at(Math.ceil(0.9 * (total - 1))) };
}
