/**
 * The median of an ordered family, exact and without reading rows.
 *
 * How often each number counts is a table, kept in the order of the numbers. Beside it the aggregate keeps how many there are in all, the
 * median, and how many are smaller than it. When numbers come and go, these three say how far the median is off, and it walks there,
 * number by number: never further than as many numbers as came and went. So a change costs a few steps in an index, however many
 * rows there are and however close together their numbers lie.
 */
import type { Counters, ReadonlyCounters } from './counters.js';

/** How often each number of one user and family counts; each at least once. */
export interface OrderedNumbers {
  /** 0: not at all. */
  count(number: number): number;
  /** The nearest number above, with how often it counts. */
  above(number: number): readonly [number: number, count: number] | undefined;
  below(number: number): readonly [number: number, count: number] | undefined;
}

export const NO_NUMBERS: OrderedNumbers = { count: () => 0, above: () => undefined, below: () => undefined };

/** number -> how much more often it counts than in the OrderedNumbers beside it. */
export type NumberChanges = ReadonlyMap<number, number>;

/** The names among an aggregate's counters. */
const size = (id: string): string => `size:${id}`;
const smaller = (id: string): string => `smaller:${id}`;
const median = (id: string): string => `median:${id}`;

export function medianIn(counters: ReadonlyCounters, id: string): number | null {
  return counters.get(median(id)) ?? null;
}

/** What the family's own counters `id:NUMBER` say; they are taken out. */
export function takeChanges(counters: Counters, id: string): NumberChanges {
  const prefix = `${id}:`;
  const changes = new Map<number, number>();
  for (const [name, by] of [...counters])
    if (name.startsWith(prefix)) {
      changes.set(Number(name.slice(prefix.length)), by);
      counters.delete(name);
    }
  return changes;
}

/** Brings the three up to date with `changes`, which `numbers` do not hold yet. */
export function settle(counters: Counters, id: string, changes: NumberChanges, numbers: OrderedNumbers): void {
  if (changes.size === 0) return;
  const changed = withChanges(numbers, changes);
  let count = counters.get(size(id)) ?? 0;
  let at = counters.get(median(id)) ?? 0;
  let less = counters.get(smaller(id)) ?? 0;
  for (const [number, by] of changes) {
    count += by;
    if (number < at) less += by;
  }
  if (count === 0) {
    for (const name of [size(id), smaller(id), median(id)]) counters.delete(name);
    return;
  }
  const rank = Math.floor((count - 1) / 2);
  let here = changed.count(at);
  while (less + here <= rank) {
    less += here;
    [at, here] = changed.above(at)!;
  }
  while (less > rank) {
    [at, here] = changed.below(at)!;
    less -= here;
  }
  counters.set(size(id), count);
  counters.set(smaller(id), less);
  counters.set(median(id), at);
}

function withChanges(numbers: OrderedNumbers, changes: NumberChanges): OrderedNumbers {
  const sorted = Float64Array.from(changes.keys()).sort();
  const count = (number: number): number => numbers.count(number) + (changes.get(number) ?? 0);
  const next = (number: number, up: boolean): readonly [number, number] | undefined => {
    for (let from = number; ; ) {
      const stored = up ? numbers.above(from) : numbers.below(from);
      const at = up ? firstAbove(sorted, from) : firstAbove(sorted, from, true) - 1;
      const other = sorted[at];
      if (stored === undefined && other === undefined) return undefined;
      const nearest = stored === undefined || (other !== undefined && (up ? other < stored[0] : other > stored[0])) ? other! : stored[0];
      const times = count(nearest);
      if (times > 0) return [nearest, times];
      from = nearest;
    }
  };
  return { count, above: (number) => next(number, true), below: (number) => next(number, false) };
}

/** The index of the first number > `than`, or with `orEqual` >= it. */
export function firstAbove(sorted: ArrayLike<number>, than: number, orEqual = false): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! > than || (orEqual && sorted[middle] === than)) high = middle;
    else low = middle + 1;
  }
  return low;
}
