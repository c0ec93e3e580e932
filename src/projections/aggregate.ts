/**
 * A user's aggregate: the sum of what their tips count for, with the interval of as-of times for which that sum is exact. The interval
 * ends at the boundaries (see window.ts) of the user's kept times, so inside it nothing enters or leaves the window.
 *
 * Folding an event changes it in place (applyTipChange); as-of.ts computes it for another time.
 */
import { type CounterSet, KNOWN } from './counter.js';
import { CounterMap, type Counters } from './counters/counters.js';
import { NO_TIP, type TipState } from './tip.js';

/** Exact for every as-of time T with afterMs < T <= untilMs. Changed in place by folding. */
export interface Aggregate {
  afterMs: number;
  untilMs: number;
  readonly counters: Counters;
}

/** Before every as-of time. */
export const BEFORE_ALL_MS = -1;
/** After every as-of time. */
export const AFTER_ALL_MS = Number.MAX_SAFE_INTEGER;

/** The aggregate of no tips: exact at all times. `counters`: empty ones. */
export function createAggregate(counters: Counters = new CounterMap()): Aggregate {
  return { afterMs: BEFORE_ALL_MS, untilMs: AFTER_ALL_MS, counters };
}

export function isExactAt(aggregate: Aggregate, asOfMs: number): boolean {
  return aggregate.afterMs < asOfMs && asOfMs <= aggregate.untilMs;
}

/** Whether any kept time of any tip lies in the window, at the times for which the aggregate is exact. */
export function isKnown(aggregate: Aggregate): boolean {
  return aggregate.counters.has(KNOWN);
}

/**
 * Replaces what `before` counted for by what `after` does. The interval shrinks to the part around the as-of time nearest to `nowMs`
 * in it: folding never moves an aggregate, so whoever wants it as of now moves it with aggregateAt.
 */
export function applyTipChange(set: CounterSet, aggregate: Aggregate, before: TipState, after: TipState, nowMs: number): void {
  const { counters } = aggregate;
  const asOfMs = nearestExact(aggregate, nowMs);
  // Adding first keeps counters that only change hands from falling to zero and being deleted in between.
  contribute(set, counters, after, asOfMs, 1);
  if (before !== NO_TIP) contribute(set, counters, before, asOfMs, -1);
  narrowToTip(set, aggregate, after, asOfMs);
}

/** The as-of time nearest to `timeMs` for which the aggregate is exact. */
export function nearestExact({ afterMs, untilMs }: Aggregate, timeMs: number): number {
  return timeMs > untilMs ? untilMs : timeMs <= afterMs ? afterMs + 1 : timeMs;
}

/** Adds what the tip or row counts for as of asOfMs, or with -1 takes it away. */
export function contribute<Counted>(set: CounterSet<Counted>, counters: Counters, counted: Counted, asOfMs: number, times: 1 | -1): void {
  const add = (name: string, by: number): void => counters.add(name, times * by);
  const families = set.counters;
  for (let i = 0; i < families.length; i++) families[i]!.contribute(counted, asOfMs, add);
}

/** Narrows the interval, which must hold asOfMs, to the part between the tip's boundaries. */
export function narrowToTip(set: Pick<CounterSet, 'windowsMs'>, aggregate: Aggregate, tip: TipState, asOfMs: number): void {
  if (tip.servedAtMs !== null) narrowToTime(set, aggregate, tip.servedAtMs, asOfMs);
  if (tip.doneAtMs !== null) narrowToTime(set, aggregate, tip.doneAtMs, asOfMs);
  if (tip.dismissAtMs !== null) narrowToTime(set, aggregate, tip.dismissAtMs, asOfMs);
  if (tip.snoozeAtMs !== null) narrowToTime(set, aggregate, tip.snoozeAtMs, asOfMs);
}

/** The same for one kept time. */
export function narrowToTime(set: Pick<CounterSet, 'windowsMs'>, aggregate: Aggregate, timeMs: number, asOfMs: number): void {
  narrowToBoundary(aggregate, timeMs, asOfMs);
  const { windowsMs } = set;
  for (let i = 0; i < windowsMs.length; i++) narrowToBoundary(aggregate, timeMs + windowsMs[i]!, asOfMs);
}

/** Leaves the side of the boundary on which asOfMs lies. */
export function narrowToBoundary(aggregate: Aggregate, boundaryMs: number, asOfMs: number): void {
  if (boundaryMs < asOfMs) {
    if (boundaryMs > aggregate.afterMs) aggregate.afterMs = boundaryMs;
  } else if (boundaryMs < aggregate.untilMs) aggregate.untilMs = boundaryMs;
}
