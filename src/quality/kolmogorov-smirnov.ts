/**
 * The largest distance of two cumulative distributions, which depends on no bins. Pure.
 *
 * The p-value is Kolmogorov's limit (1933) at sqrt(n m / (n + m)) D. Where values are tied, as hours are, it is larger than the true one.
 */
import type { NumericDistribution } from './distribution.js';
import { FALSE_ALARM_RATE } from './divergence.js';

/** A distance below this is not worth a person's time, however many samples say it: about that of a PSI of 0.2 between normal curves. */
export const KS_LIMIT = 0.2;
const SMALL = 1.18;

export interface KolmogorovSmirnov {
  /** 0 to 1. */
  readonly statistic: number;
  /** How far the statistic can be off, of sketches. */
  readonly error: number;
  readonly p_value: number;
  /** max(KS_LIMIT, what chance exceeds once in a thousand). */
  readonly threshold: number;
}

/** Of values that are not null; undefined where either has none. */
export function kolmogorovSmirnov(baseline: NumericDistribution, current: NumericDistribution): KolmogorovSmirnov | undefined {
  const { n } = baseline;
  const m = current.n;
  if (n === 0 || m === 0) return undefined;
  let [i, j, below, belowToday, statistic] = [0, 0, 0, 0, 0];
  while (i < baseline.values.length || j < current.values.length) {
    const at = Math.min(baseline.values[i] ?? Infinity, current.values[j] ?? Infinity);
    if (baseline.values[i] === at) below += baseline.counts[i++]!;
    if (current.values[j] === at) belowToday += current.counts[j++]!;
    statistic = Math.max(statistic, Math.abs(below / n - belowToday / m));
  }
  const size = Math.sqrt((n * m) / (n + m));
  return {
    statistic,
    error: baseline.rankError / n + current.rankError / m,
    p_value: kolmogorovTail(size * statistic),
    threshold: Math.max(KS_LIMIT, Math.sqrt(-Math.log(FALSE_ALARM_RATE / 2) / 2) / size),
  };
}

/** P(K > x) of Kolmogorov's distribution, by the one of its two series that converges quickly. */
export function kolmogorovTail(x: number): number {
  if (x <= 0) return 1;
  if (x < SMALL) {
    const term = (k: number): number => Math.exp((-((2 * k - 1) ** 2) * Math.PI ** 2) / (8 * x * x));
    return 1 - (Math.sqrt(2 * Math.PI) / x) * [1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + term(k), 0);
  }
  return Math.max(0, 2 * [1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + (k % 2 === 1 ? 1 : -1) * Math.exp(-2 * k * k * x * x), 0));
}
