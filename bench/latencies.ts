/** Percentiles of latencies in milliseconds. */
export interface Percentiles {
  readonly count: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** The nearest rank: a percentile is always a latency that was measured. Throws for an empty list. */
export function percentiles(latenciesMs: readonly number[]): Percentiles {
  if (latenciesMs.length === 0) throw new Error('nothing was measured');
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number) => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!);
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

const round = (ms: number) => Math.round(ms * 100) / 100;
