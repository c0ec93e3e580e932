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
} from './aggregate.js';
import type { CounterSet } from './counter.js';
import type { TipOrder } from './tip-order.js';
import type { TipState } from './tip.js';
import { WINDOW_MS } from './window.js';

/** One user's tips. Each iterable is consumed to its end, or returned, before anything else is asked of the source. */
export interface TipSource {
  /** How many tips the user has. */
  readonly count: number;
  all(): Iterable<TipState>;
  /** The user's kept times in order; left out where reading all tips is as cheap. */
  readonly timeIndex?: TipTimeIndex | undefined;
}

export interface TipTimeIndex extends TipOrder {
  /** The tips with a kept time in [fromMs, toMs); a tip may come once for each such time. fromMs may be negative. */
  tipsWithTimeIn(fromMs: number, toMs: number): Iterable<IdentifiedTip>;
  /** The smallest kept time >= timeMs; null when there is none. */
  firstTimeAtOrAfter(timeMs: number): number | null;
  /** The largest kept time < timeMs; null when there is none. */
  lastTimeBefore(timeMs: number): number | null;
}

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
  if (from !== undefined && isExactAt(from, asOfMs)) return from;
  const index = tips.timeIndex;
  if (index === undefined) return sumOfAllTips(set, asOfMs, tips.all());
  const counters = (from && movedCounters(set, asOfMs, index, from)) ?? countersOfWindow(set, asOfMs, index);
  const aggregate: Aggregate = { afterMs: BEFORE_ALL_MS, untilMs: AFTER_ALL_MS, counters };
  narrowToIndex(set, aggregate, index, asOfMs);
  return aggregate;
}

function sumOfAllTips(set: CounterSet, asOfMs: number, tips: Iterable<TipState>): Aggregate {
  const aggregate = createAggregate();
  for (const tip of tips) {
    contribute(set, aggregate.counters, tip, asOfMs, 1);
    narrowToTip(set, aggregate, tip, asOfMs);
  }
  return aggregate;
}

/** A tip none of whose times lies in the window counts for nothing, so only the window's rows are read. */
function countersOfWindow(set: CounterSet, asOfMs: number, index: TipTimeIndex): Map<string, number> {
  const counters = new Map<string, number>();
  const seen = new Set<string>();
  for (const { tipId, tip } of index.tipsWithTimeIn(asOfMs - WINDOW_MS, asOfMs)) {
    if (seen.has(tipId)) continue;
    seen.add(tipId);
    contribute(set, counters, tip, asOfMs, 1);
  }
  return counters;
}

/**
 * Moves a copy of the counters from the nearest time at which `from` is exact: only tips of which a boundary was crossed count differently.
 * undefined when the two windows share nothing: the new window's rows are then only some of those that crossed.
 */
function movedCounters(set: CounterSet, asOfMs: number, index: TipTimeIndex, from: Aggregate): Map<string, number> | undefined {
  const startMs = asOfMs > from.untilMs ? from.untilMs : from.afterMs + 1;
  const lowMs = Math.min(startMs, asOfMs);
  const highMs = Math.max(startMs, asOfMs);
  if (highMs - lowMs >= WINDOW_MS) return undefined;

  const crossed = new Map<string, TipState>();
  for (const lengthMs of [0, ...set.windowsMs]) {
    for (const { tipId, tip } of index.tipsWithTimeIn(lowMs - lengthMs, highMs - lengthMs)) crossed.set(tipId, tip);
  }
  const counters = new Map(from.counters);
  for (const tip of crossed.values()) {
    contribute(set, counters, tip, asOfMs, 1);
    contribute(set, counters, tip, startMs, -1);
  }
  return counters;
}

function narrowToIndex(set: CounterSet, aggregate: Aggregate, index: TipTimeIndex, asOfMs: number): void {
  for (const lengthMs of [0, ...set.windowsMs]) {
    const before = index.lastTimeBefore(asOfMs - lengthMs);
    if (before !== null) narrowToBoundary(aggregate, before + lengthMs, asOfMs);
    const after = index.firstTimeAtOrAfter(asOfMs - lengthMs);
    if (after !== null) narrowToBoundary(aggregate, after + lengthMs, asOfMs);
  }
}
