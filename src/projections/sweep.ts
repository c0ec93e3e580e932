/**
 * One user's aggregate at many as-of times, asked for in ascending order: it is moved forward over the boundaries (see window.ts) of the
 * user's kept times. Each boundary is crossed once, so any number of times costs tips + times, and not tips x times.
 */
import { type Aggregate, AFTER_ALL_MS, contribute } from './aggregate.js';
import { aggregateAt, type TipSource } from './as-of.js';
import type { CounterSet } from './counter.js';
import { CounterMap, type Counters } from './counters/counters.js';
import { heldOrder, type TimedTip, type TipOrder } from './tip-order.js';
import type { TipState } from './tip.js';
import { WINDOW_MS } from './window.js';

/** Of users with no more tips than these, tips are held in memory once the index has been asked for so many that it pays. */
const MOST_HELD_TIPS = 200_000;
/** A tip found by its time costs as much as this many read one after the other. */
const COST_OF_FOUND = 4;

interface Cursor {
  /** 0 for entries into the window, else the length of a window for exits from it. */
  readonly lengthMs: number;
  readonly rest: Iterator<TimedTip>;
  next: TimedTip | undefined;
}

export class Sweep {
  readonly #set: CounterSet;
  readonly #tips: TipSource;
  readonly #lengthsMs: readonly number[];
  #counters: Counters = new CounterMap();
  /** The last time at which the counters were moved; they are exact from there to #untilMs, both included. */
  #sinceMs = Infinity;
  #untilMs = -Infinity;
  #start: (asOfMs: number) => Aggregate;
  #answer: Aggregate = { afterMs: -1, untilMs: -1, counters: this.#counters };
  #cursors: Cursor[] | undefined;
  #order: TipOrder | undefined;
  /** How many tips the index was asked for. */
  #found = 0;

  /** `from`, any correct aggregate of the same tips, is where it may start; it is never changed. */
  constructor(set: CounterSet, tips: TipSource, from?: Aggregate) {
    this.#set = set;
    this.#tips = tips.timeIndex === undefined ? readOnce(tips) : tips;
    this.#lengthsMs = [0, ...set.windowsMs];
    this.#start = (asOfMs) => aggregateAt(set, asOfMs, tips, from);
  }

  /**
   * The aggregate as of `asOfMs`, which is not before the time asked for last; it holds until the next question. The same object as last
   * time while nothing has changed.
   */
  at(asOfMs: number): Aggregate {
    if (asOfMs >= this.#sinceMs && asOfMs <= this.#untilMs) return this.#answer;
    if (asOfMs < this.#sinceMs && this.#sinceMs !== Infinity) throw new RangeError(`asked for ${asOfMs} after ${this.#sinceMs}`);
    if (this.#sinceMs === Infinity || asOfMs - this.#untilMs >= WINDOW_MS) this.#jump(asOfMs);
    else this.#cross(asOfMs);
    this.#sinceMs = asOfMs;
    this.#answer = { afterMs: asOfMs - 1, untilMs: this.#untilMs, counters: this.#counters };
    return this.#answer;
  }

  /** Where the windows of last time and of now share nothing, the new window's tips are fewer than those that crossed. */
  #jump(asOfMs: number): void {
    const { counters, untilMs } = this.#start(asOfMs);
    this.#start = (at) => aggregateAt(this.#set, at, this.#tips);
    this.#counters = counters.copy();
    this.#untilMs = untilMs;
    this.#cursors = undefined;
  }

  #cross(asOfMs: number): void {
    const fromMs = this.#untilMs;
    this.#holdWhereItPays();
    const cursors = (this.#cursors ??= this.#cursorsFrom(fromMs));
    let untilMs = AFTER_ALL_MS;
    for (let k = 0; k < cursors.length; k++) {
      const cursor = cursors[k]!;
      for (; cursor.next !== undefined; cursor.next = take(cursor.rest), this.#found++) {
        const boundaryMs = cursor.next.atMs + cursor.lengthMs;
        if (boundaryMs >= asOfMs) {
          if (boundaryMs < untilMs) untilMs = boundaryMs;
          break;
        }
        const { tip } = cursor.next;
        if (!this.#isFirstCrossed(tip, boundaryMs, k, fromMs)) continue;
        contribute(this.#set, this.#counters, tip, asOfMs, 1);
        contribute(this.#set, this.#counters, tip, fromMs, -1);
      }
    }
    this.#untilMs = untilMs;
  }

  #holdWhereItPays(): void {
    const { timeIndex, count } = this.#tips;
    if (timeIndex === undefined || this.#order !== timeIndex) return;
    if (count > MOST_HELD_TIPS || this.#found * COST_OF_FOUND < count) return;
    this.#order = heldOrder(this.#tips.all());
    this.#cursors = undefined;
  }

  #cursorsFrom(boundaryMs: number): Cursor[] {
    // Users without an index have few tips.
    const order = (this.#order ??= this.#tips.timeIndex ?? heldOrder(this.#tips.all()));
    return this.#lengthsMs.map((lengthMs) => {
      const rest = order.tipsFrom(boundaryMs - lengthMs);
      return { lengthMs, rest, next: take(rest) };
    });
  }

  /** A tip of which several boundaries are crossed in one move counts once: at the first of them, of equal ones by the lowest cursor. */
  #isFirstCrossed(tip: TipState, boundaryMs: number, k: number, fromMs: number): boolean {
    const { servedAtMs, doneAtMs, dismissAtMs, snoozeAtMs } = tip;
    for (let j = 0; j < this.#lengthsMs.length; j++) {
      const lengthMs = this.#lengthsMs[j]!;
      const lastMs = j < k ? boundaryMs : boundaryMs - 1;
      if (isWithin(servedAtMs, lengthMs, fromMs, lastMs)) return false;
      if (isWithin(doneAtMs, lengthMs, fromMs, lastMs)) return false;
      if (isWithin(dismissAtMs, lengthMs, fromMs, lastMs)) return false;
      if (isWithin(snoozeAtMs, lengthMs, fromMs, lastMs)) return false;
    }
    return true;
  }
}

/** They are asked for twice: to start, and to go on from there. */
function readOnce({ count, all }: TipSource): TipSource {
  let held: readonly TipState[] | undefined;
  return { count, all: () => (held ??= [...all()]) };
}

/** Whether the boundary of a kept time lies in [fromMs, lastMs]. */
function isWithin(atMs: number | null, lengthMs: number, fromMs: number, lastMs: number): boolean {
  return atMs !== null && atMs + lengthMs >= fromMs && atMs + lengthMs <= lastMs;
}

function take(rest: Iterator<TimedTip>): TimedTip | undefined {
  const { done, value } = rest.next();
  return done === true ? undefined : value;
}
