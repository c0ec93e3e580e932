/** How many of some latencies lie in which bucket: small enough to cross from a worker's thread once a batch. Pure. */

export interface LatencyCounts {
  /** How many were at most this bound and more than the one before; the last: more than the last bound. */
  readonly counts: readonly number[];
  readonly sumSeconds: number;
}

/** Upper bounds, in seconds: from one batch to the next, up to events that come days late. */
export const LATENCY_BOUNDS_S: readonly number[] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 21_600, 86_400];

/** Of times up to `nowMs`; what lies after it took no time. All in Unix ms. */
export function latenciesSince(timesMs: readonly number[], nowMs: number): LatencyCounts {
  const counts = new Array<number>(LATENCY_BOUNDS_S.length + 1).fill(0);
  let sumMs = 0;
  for (const timeMs of timesMs) {
    const latencyMs = Math.max(0, nowMs - timeMs);
    sumMs += latencyMs;
    counts[bucketOf(latencyMs / 1000)]!++;
  }
  return { counts, sumSeconds: sumMs / 1000 };
}

function bucketOf(seconds: number): number {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS_S.length && seconds > LATENCY_BOUNDS_S[bucket]!) bucket++;
  return bucket;
}
