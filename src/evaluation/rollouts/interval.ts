/**
 * How much more reward the treated have, as an interval that holds at all looks together. Each arm's own mean is taken off first, so that
 * what is relabelled has no effect left, and the quantiles of the studentised differences stand in for Student's: with few users they are
 * wider where they must be. Policies may do different things to different users.
 */
import type { Interval } from '../confidence.js';
import type { Adjusted } from './adjustment.js';
import type { Feature, RelabelledSums } from './arm-sums.js';
import { NO_LOOKS, takeOut, type Paths } from './paths.js';
import type { Population } from './population.js';
import { harms, type Difference } from './statistic.js';

/** What one look leaves for the next, for each end. JSON as it is. */
export interface IntervalPaths {
  readonly low: Paths;
  readonly high: Paths;
}

export const NO_INTERVAL: IntervalPaths = { low: NO_LOOKS, high: NO_LOOKS };

/** Residuals without the mean of the user's own arm. */
export function withoutEffect({ d, e }: Adjusted, { treated }: Population): Feature {
  const [weights, residuals] = [new Float64Array(2), new Float64Array(2)];
  for (let user = 0; user < d.length; user++) {
    weights[treated[user]!]! += d[user]!;
    residuals[treated[user]!]! += e[user]!;
  }
  const means = residuals.map((sum, arm) => (weights[arm] === 0 ? 0 : sum / weights[arm]!));
  const rest = new Float64Array(d.length);
  for (let user = 0; user < d.length; user++) rest[user] = Math.round(e[user]! - means[treated[user]!]! * d[user]!);
  return { d, e: rest };
}

/**
 * On rewards from 0 to 1, so from -1 to 1. `sums` of what `withoutEffect` gives; `mass`: of both ends together, what may be spent by now.
 */
export function intervalOf(
  difference: Difference,
  sums: RelabelledSums,
  paths: IntervalPaths,
  mass: number,
): { readonly interval: Interval; readonly paths: IntervalPaths } {
  const statistics = harms(sums);
  // The true placement has no difference left: it is no sample of one.
  statistics[0] = -Infinity;
  const high = takeOut(paths.high, statistics, mass / 2);
  const low = takeOut(
    paths.low,
    statistics.map((each, row) => (row === 0 ? each : -each)),
    mass / 2,
  );
  const { mean, error } = difference;
  const end = (quantile: number | null, sign: 1 | -1): number =>
    quantile === null || error === 0 ? sign : Math.max(-1, Math.min(1, mean + sign * quantile * error));
  return { interval: { low: end(low.threshold, -1), high: end(high.threshold, 1) }, paths: { low: low.paths, high: high.paths } };
}
