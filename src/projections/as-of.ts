/**
 * Aggregates for any as-of time: what a stored aggregate is asked when its interval has passed, and what every question about another
 * time computes and discards.
 */
import {
  AFTER_ALL_MS,
  type Aggregate,
  BEFORE_ALL_MS,
  contribute,
  createAggregate,
  isExactAt,
  narrowToBoundary,
  narrowToTip,
  nearestExact,
} from './aggregate.js';
import type { CounterSet } from './counter.js';
import { CounterMap, type Counters } from './counters/counters.js';
import type { TipOrder } from './tip-order.js';
import type { TipState } from './tip.js';
import { WINDOW_MS } from './window.js';

/** One user's tips, or rows of a kind. Each iterable is consumed to its end, or returned, before anything else is asked of the source. */
export interface CountedSource<Counted> {
  /** How many there are. */
  readonly count: number;
  all(): Iterable<Counted>;
  /** Their kept times in order; left out where reading all of them is as cheap. */
  readonly timeIndex?: TimeIndex<Counted> | undefined;
}
export interface TipSource extends CountedSource<TipState> {
  readonly timeIndex?: TipTimeIndex | undefined;
}
export interface TipTimeIndex extends TimeIndex<TipState>, TipOrder {}

export interface TimeIndex<Counted> {
  /** Those with a kept time in [fromMs, toMs), by id; one may come once for each such time. fromMs may be negative. */
  withTimeIn(fromMs: number, toMs: number): Iterable<{ readonly id: string; readonly counted: Counted }>;
  /** The smallest kept time >= timeMs; null when there is none. */
  firstTimeAtOrAfter(timeMs: number): number | null;
  /** The largest kept time < timeMs; null when there is none. */
  lastTimeBefore(timeMs: number): number | null;
}

/** Narrows the interval of an aggregate, which must hold asOfMs, to the part between the boundaries of what was counted. */
export type Narrow<Counted> = (set: CounterSet<Counted>, aggregate: Aggregate, counted: Counted, asOfMs: number) => void;

export interface IdentifiedTip {
  readonly tipId: string;
  readonly tip: TipState;
}

/**
 * The aggregate as of `asOfMs` with the widest interval between boundaries. `from`, any correct aggregate of the same tips, is a place to
 * start from: it is never changed, and is itself the answer when it is exact at asOfMs already.
 *
 * With a time index it reads no more rows than crossed an end of the window, or without `from` than lie in it; without an index, all
 * tips of the user.
 */
export function aggregateAt(set: CounterSet, asOfMs: number, tips: TipSource, from?: Aggregate): Aggregate {
  return countedAt(set, narrowToTip, asOfMs, tips, from);
}

/** The same of whatever is counted. */
export function countedAt<Counted>(
  set: CounterSet<Counted>,
  narrow: Narrow<Counted>,
  asOfMs: number,
  source: CountedSource<Counted>,
  from?: Aggregate,
): Aggregate {
  if (from !== undefined && isExactAt(from, asOfMs)) return from;
  const index = source.timeIndex;
  if (index === undefined) return sumOfAll(set, narrow, asOfMs, source.all());
  const counters =
    from !== undefined && canMove(from, asOfMs) ? movedCounters(set, asOfMs, index, from) : countersOfWindow(set, asOfMs, index);
  const aggregate: Aggregate = { afterMs: BEFORE_ALL_MS, untilMs: AFTER_ALL_MS, counters };
  narrowToIndex(set, aggregate, index, asOfMs);
  return aggregate;
}

/** Whether the windows share anything; if not, the new window's rows are only some of those that crossed, and are counted anew. */
export function canMove(from: Aggregate, asOfMs: number): boolean {
  return Math.abs(nearestExact(from, asOfMs) - asOfMs) < WINDOW_MS;
}

function sumOfAll<Counted>(set: CounterSet<Counted>, narrow: Narrow<Counted>, asOfMs: number, all: Iterable<Counted>): Aggregate {
  const aggregate = createAggregate();
  for (const counted of all) {
    contribute(set, aggregate.counters, counted, asOfMs, 1);
    narrow(set, aggregate, counted, asOfMs);
  }
  return aggregate;
}

/** What has no time in the window counts for nothing, so only the window's rows are read. */
function countersOfWindow<Counted>(set: CounterSet<Counted>, asOfMs: number, index: TimeIndex<Counted>): Counters {
  const counters = new CounterMap();
  const seen = new Set<string>();
  for (const { id, counted } of index.withTimeIn(asOfMs - WINDOW_MS, asOfMs)) {
    if (seen.has(id)) continue;
    seen.add(id);
    contribute(set, counters, counted, asOfMs, 1);
  }
  return counters;
}

/** Moves a copy of the counters from the nearest time at which `from` is exact: only what crossed a boundary counts differently. */
function movedCounters<Counted>(set: CounterSet<Counted>, asOfMs: number, index: TimeIndex<Counted>, from: Aggregate): Counters {
  const startMs = nearestExact(from, asOfMs);
  const lowMs = Math.min(startMs, asOfMs);
  const highMs = Math.max(startMs, asOfMs);
  const crossed = new Map<string, Counted>();
  for (const lengthMs of [0, ...set.windowsMs]) {
    for (const { id, counted } of index.withTimeIn(lowMs - lengthMs, highMs - lengthMs)) crossed.set(id, counted);
  }
  const counters = from.counters.copy();
  for (const counted of crossed.values()) {
    contribute(set, counters, counted, asOfMs, 1);
    contribute(set, counters, counted, startMs, -1);
  }
  return counters;
}

function narrowToIndex<Counted>(set: CounterSet<Counted>, aggregate: Aggregate, index: TimeIndex<Counted>, asOfMs: number): void {
  for (const lengthMs of [0, ...set.windowsMs]) {
    const before = index.lastTimeBefore(asOfMs - lengthMs);
    if (before !== null) narrowToBoundary(aggregate, before + lengthMs, asOfMs);
    const after = index.firstTimeAtOrAfter(asOfMs - lengthMs);
    if (after !== null) narrowToBoundary(aggregate, after + lengthMs, asOfMs);
  }
}
