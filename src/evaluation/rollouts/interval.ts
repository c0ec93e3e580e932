/**
 * How much more reward the treated have, as an interval that holds at all looks together. Each arm's own mean is taken off first, so that
 * what is relabelled has no effect left, and the quantiles of the studentised differences stand in for Student's: with few users they are
 * wider where they must be. Policies may do different things to different users.
 */
import type { Interval } from '../confidence.js';
import type { Adjusted } from './adjustment.js';
import { armsOf, type Feature, type RelabelledSums } from './arm-sums.js';
import { NO_LOOKS, takeOut, type Paths } from './paths.js';
import type { Population } from './population.js';
import { harms, type Difference } from './statistic.js';
import { userPieces } from './user-pieces.js';

/** What one look leaves for the next, for each end. JSON as it is. */
export interface IntervalPaths {
  readonly low: Paths;
  readonly high: Paths;
}

export const NO_INTERVAL: IntervalPaths = { low: NO_LOOKS, high: NO_LOOKS };

/** Residuals without the mean of the user's own arm. */
export function* withoutEffect({ d, e }: Adjusted, population: Population): Generator<void, Feature> {
  const arms = yield* armsOf(population, { d, e });
  const { treated } = population;
  const [control, own] = [arms.control, arms.treated].map((arm) => (arm.n === 0 ? 0 : arm.e / arm.n)) as [number, number];
  const rest = new Float64Array(d.length);
  for (const { from, to } of userPieces(d.length)) {
    for (let user = from; user < to; user++) rest[user] = Math.round(e[user]! - (treated[user] === 1 ? own : control) * d[user]!);
    yield;
  }
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
