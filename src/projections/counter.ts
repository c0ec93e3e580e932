/**
 * Counters: the exact integers that features are computed from. A family turns one tip, as of one time, into contributions to
 * named counters; a user's aggregate is their sum over the user's tips. When a tip changes, its old contribution is subtracted and
 * its new one added, so a family must be a pure function of (tip, asOfMs).
 */
import { TipstreamError } from '../errors.js';
import type { TipState } from './tip.js';
import { isInWindow, WINDOW_MS } from './window.js';

/** Adds an integer to a counter. `name` is the family's id, or starts with the id and a colon. */
export type AddToCounter = (name: string, by: number) => void;

export interface CounterFamily {
  /** A family with it counts rows of a kind: see row-kind.ts. */
  readonly of?: undefined;
  /** Lower-case letters, digits and underscores. The namespace of the family's counters: `done_hour` owns `done_hour:13`. */
  readonly id: string;
  /** How far back the family looks, in milliseconds; at most WINDOW_MS. */
  readonly windowMs: number;
  /** All names that it may add, where they are few: users are held in less memory for it. Left out where names come with the events. */
  readonly names?: readonly string[] | undefined;
  /**
   * Adds what this tip counts for as of `asOfMs`. Promises:
   * - every amount is an integer, and sums over a user's tips stay below 2^53;
   * - it changes with asOfMs only at the boundaries t and t + windowMs of the tip's four kept times t (see window.ts);
   * - it adds nothing when none of the four kept times lies in [asOfMs - windowMs, asOfMs), because such rows are not visited.
   */
  contribute(tip: TipState, asOfMs: number, add: AddToCounter): void;
}

/** What a family of tips and one of rows have in common. */
export interface Counting<Counted> {
  readonly id: string;
  contribute(counted: Counted, asOfMs: number, add: AddToCounter): void;
}

/** Reads a user's counters. */
export interface CounterReader {
  /** The counter's value; 0 when nothing was counted. */
  count(name: string): number;
  /** Every non-zero counter `family:key`, as [key, value], in no particular order. */
  keyed(familyId: string): Iterable<readonly [key: string, value: number]>;
  /** Of an ordered family (row-kind.ts): the lower of the two middle numbers; null when nothing was counted. */
  median(familyId: string): number | null;
}

export const KNOWN = 'known';

/**
 * How many of the four kept times of all tips lie in the window. A user is known while this is not zero. Part of every registry.
 */
export const knownTimes: CounterFamily = {
  id: KNOWN,
  names: [KNOWN],
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    let times = 0;
    if (isInWindow(tip.servedAtMs, asOfMs)) times++;
    if (isInWindow(tip.doneAtMs, asOfMs)) times++;
    if (isInWindow(tip.dismissAtMs, asOfMs)) times++;
    if (isInWindow(tip.snoozeAtMs, asOfMs)) times++;
    if (times > 0) add(KNOWN, times);
  },
};

/** What computing counters of tips, or of rows of a kind, needs to know of a set of features. */
export interface CounterSet<Counted = TipState> {
  /** Every family once; those of tips have `known` among them. */
  readonly counters: readonly Counting<Counted>[];
  /** The distinct lengths of their windows, in milliseconds, ascending. */
  readonly windowsMs: readonly number[];
}

export const SAMPLE_MS = 10 * WINDOW_MS;
const SAMPLE_TIPS: readonly TipState[] = [
  {
    servedAtMs: SAMPLE_MS,
    servedCategory: 'work',
    doneAtMs: SAMPLE_MS + 5,
    doneUtcOffsetMin: 60,
    dismissAtMs: SAMPLE_MS + 6,
    snoozeAtMs: SAMPLE_MS + 7,
  },
  { servedAtMs: null, servedCategory: null, doneAtMs: SAMPLE_MS, doneUtcOffsetMin: null, dismissAtMs: null, snoozeAtMs: null },
  { servedAtMs: SAMPLE_MS, servedCategory: '', doneAtMs: null, doneUtcOffsetMin: null, dismissAtMs: SAMPLE_MS, snoozeAtMs: SAMPLE_MS },
];

/** Tries a family on a few tips. Throws invalid_argument when it breaks a promise of `contribute` that these show. */
export function assertKeepsPromises(family: CounterFamily): void {
  tryFamily(family, SAMPLE_TIPS, 'tip');
}

/** Tries a family on samples whose times lie within a second after SAMPLE_MS. Throws invalid_argument. */
export function tryFamily<Counted>(
  family: Counting<Counted> & { readonly windowMs: number | null; readonly ordered?: true },
  samples: readonly Counted[],
  noun: string,
): void {
  const fail = (what: string): never => {
    throw new TipstreamError('invalid_argument', `counters ${family.id}: ${what}`, { details: { counters: family.id } });
  };
  for (const sample of samples) {
    family.contribute(sample, SAMPLE_MS + 10, (name, by) => {
      if (name !== family.id && !name.startsWith(`${family.id}:`))
        fail(`${JSON.stringify(name)} is neither the id nor starts with it and a colon`);
      if (!Number.isSafeInteger(by)) fail(`${by} is not an integer`);
      if (family.ordered === true && String(Number(name.slice(family.id.length + 1))) !== name.slice(family.id.length + 1))
        fail(`${JSON.stringify(name)} does not end with a number, as those of an ordered family do`);
    });
    const outside = family.windowMs === null ? [SAMPLE_MS] : [SAMPLE_MS, SAMPLE_MS + 8 + family.windowMs];
    for (const asOfMs of outside) {
      family.contribute(sample, asOfMs, (name, by) => by === 0 || fail(`${name} counts a ${noun} that has no time in the window`));
    }
  }
}
