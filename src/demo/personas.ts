/**
 * Who the simulated users are. A persona says when somebody looks at their phone, what they care about and what they do with a tip;
 * a user's id begins with the persona's name, so that `tipstream profile early-bird-003` can be judged at a glance.
 */

export const CATEGORIES = ['work', 'home', 'health', 'errands', 'learning', 'family', 'money'] as const;
export type Category = (typeof CATEGORIES)[number];

/** What somebody likes, and at which local hours (0 to 23). */
export interface Habits {
  readonly hours: readonly number[];
  readonly favourites: readonly Category[];
}

export interface Persona {
  readonly name: string;
  /** Out of the sum over all personas. */
  readonly share: number;
  readonly tipsPerWeekday: number;
  readonly tipsPerWeekendDay: number;
  readonly habits: Habits;
  /** What the habits turn into once this many days of the simulation have passed. */
  readonly drift?: { readonly afterDays: number; readonly habits: Habits };
  /** Probability of each first reaction to a tip that is neither loved nor hated; what is left is no reaction. */
  readonly done: number;
  readonly dismiss: number;
  readonly snooze: number;
  /** Half of the reactions come sooner than this. */
  readonly medianDwellMs: number;
  /** The part of the simulated period in which they use the product: 0 is its first moment, 1 its last. */
  readonly active: readonly [from: number, to: number];
}

const MINUTE_MS = 60_000;
const ALWAYS = [0, 1] as const;

export const PERSONAS: readonly Persona[] = [
  {
    name: 'early-bird',
    share: 14,
    tipsPerWeekday: 1.1,
    tipsPerWeekendDay: 0.8,
    done: 0.5,
    dismiss: 0.12,
    snooze: 0.08,
    habits: { hours: [6, 7, 7, 8], favourites: ['health', 'work'] },
    medianDwellMs: MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'night-owl',
    share: 12,
    tipsPerWeekday: 1,
    tipsPerWeekendDay: 1.3,
    done: 0.38,
    dismiss: 0.2,
    snooze: 0.14,
    habits: { hours: [21, 22, 22, 23, 0], favourites: ['learning', 'money'] },
    medianDwellMs: 4 * MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'office-worker',
    share: 16,
    tipsPerWeekday: 1.5,
    tipsPerWeekendDay: 0.15,
    done: 0.45,
    dismiss: 0.18,
    snooze: 0.1,
    habits: { hours: [9, 10, 10, 11, 14, 15], favourites: ['work'] },
    medianDwellMs: 2 * MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'weekender',
    share: 10,
    tipsPerWeekday: 0.15,
    tipsPerWeekendDay: 3,
    done: 0.48,
    dismiss: 0.1,
    snooze: 0.1,
    habits: { hours: [10, 11, 11, 12, 16], favourites: ['home', 'errands', 'family'] },
    medianDwellMs: 8 * MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'dismisser',
    share: 8,
    tipsPerWeekday: 1.1,
    tipsPerWeekendDay: 1,
    done: 0.08,
    dismiss: 0.66,
    snooze: 0.05,
    habits: { hours: [8, 12, 18, 20], favourites: ['money'] },
    medianDwellMs: MINUTE_MS / 10,
    active: ALWAYS,
  },
  {
    name: 'snoozer',
    share: 8,
    tipsPerWeekday: 1.1,
    tipsPerWeekendDay: 0.9,
    done: 0.15,
    dismiss: 0.08,
    snooze: 0.55,
    habits: { hours: [8, 13, 19], favourites: ['errands', 'home'] },
    medianDwellMs: MINUTE_MS / 2,
    active: ALWAYS,
  },
  {
    name: 'drifter',
    share: 10,
    tipsPerWeekday: 1.1,
    tipsPerWeekendDay: 1.1,
    done: 0.45,
    dismiss: 0.15,
    snooze: 0.1,
    habits: { hours: [7, 8, 8], favourites: ['work'] },
    drift: { afterDays: 25, habits: { hours: [19, 20, 20, 21], favourites: ['family', 'learning'] } },
    medianDwellMs: 3 * MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'newcomer',
    share: 7,
    tipsPerWeekday: 1.8,
    tipsPerWeekendDay: 1.8,
    done: 0.42,
    dismiss: 0.2,
    snooze: 0.12,
    habits: { hours: [9, 13, 17, 20], favourites: ['health', 'learning'] },
    medianDwellMs: 5 * MINUTE_MS,
    active: [0.8, 1],
  },
  {
    name: 'heavy-user',
    share: 5,
    tipsPerWeekday: 5,
    tipsPerWeekendDay: 4,
    done: 0.44,
    dismiss: 0.22,
    snooze: 0.12,
    habits: { hours: [7, 9, 11, 12, 12, 13, 16, 18, 21], favourites: ['work', 'health'] },
    medianDwellMs: MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'light-user',
    share: 7,
    tipsPerWeekday: 0.12,
    tipsPerWeekendDay: 0.2,
    done: 0.35,
    dismiss: 0.1,
    snooze: 0.1,
    habits: { hours: [12, 18], favourites: ['home'] },
    medianDwellMs: 20 * MINUTE_MS,
    active: ALWAYS,
  },
  {
    name: 'lapsed',
    share: 3,
    tipsPerWeekday: 1.2,
    tipsPerWeekendDay: 0.8,
    done: 0.2,
    dismiss: 0.3,
    snooze: 0.1,
    habits: { hours: [9, 18], favourites: ['errands'] },
    medianDwellMs: 10 * MINUTE_MS,
    active: [0, 0.3],
  },
];
