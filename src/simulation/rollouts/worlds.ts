/** The worlds in which the verdicts on rollouts are tried, and what is expected of them there. */
import type { RolloutWorld } from './world.js';

export interface ExpectedOf {
  /** Share of rollouts. */
  readonly rolledBackAtMost?: number;
  readonly rolledBackAtLeast?: number;
  /** Of last intervals that hold the true effect. */
  readonly coveredAtLeast?: number;
}

export interface TriedWorld extends RolloutWorld {
  readonly expected: ExpectedOf;
}

const NOTHING = { history: true, moves: 0, effect: 0, unequal: 0 };

function named(world: Omit<TriedWorld, 'name'>): TriedWorld {
  const { users, percent, history, moves, effect, unequal } = world;
  const words = [
    `${users} users, ${percent} %`,
    ...(effect === 0 ? [] : [`${effect > 0 ? 'gain' : 'harm'} of ${Math.round(Math.abs(effect) * 100)} points`]),
    ...(unequal === 0 ? [] : [`each user up or down by ${Math.round(unequal * 100)} points`]),
    ...(history ? [] : ['no history']),
    ...(moves === 0 ? [] : ['rates that move']),
  ];
  return { name: words.join(', '), ...world };
}

/** Nobody is affected: at most what alpha has spent by then, .0412, and two standard deviations of 1,000 rollouts. */
const NULL = { rolledBackAtMost: 0.054, coveredAtLeast: 0.92 };

export const WORLDS: readonly TriedWorld[] = [
  ...[200, 1_000].flatMap((users) =>
    [10, 50, 95].flatMap((percent) =>
      [true, false].map((history) =>
        named({
          ...NOTHING,
          users,
          percent,
          history,
          // Twenty users in the smaller arm, or not even those.
          expected: users === 200 && percent !== 50 ? { ...NULL, coveredAtLeast: 0.88 } : NULL,
        }),
      ),
    ),
  ),
  named({ ...NOTHING, users: 1_000, percent: 10, moves: 0.1, expected: NULL }),
  named({ ...NOTHING, users: 200, percent: 10, unequal: 0.15, expected: { rolledBackAtMost: 0.09, coveredAtLeast: 0.88 } }),
  named({ ...NOTHING, users: 1_000, percent: 10, unequal: 0.15, expected: { rolledBackAtMost: 0.075, coveredAtLeast: 0.92 } }),
  named({ ...NOTHING, users: 200, percent: 10, effect: -0.1, expected: { rolledBackAtLeast: 0.95, coveredAtLeast: 0.88 } }),
  named({ ...NOTHING, users: 200, percent: 10, effect: -0.05, expected: { coveredAtLeast: 0.88 } }),
  named({ ...NOTHING, users: 1_000, percent: 10, effect: -0.05, expected: { rolledBackAtLeast: 0.9, coveredAtLeast: 0.92 } }),
  named({ ...NOTHING, users: 1_000, percent: 10, effect: -0.05, moves: 0.1, expected: { rolledBackAtLeast: 0.75, coveredAtLeast: 0.92 } }),
  named({
    ...NOTHING,
    users: 1_000,
    percent: 10,
    effect: -0.05,
    history: false,
    expected: { rolledBackAtLeast: 0.6, coveredAtLeast: 0.92 },
  }),
];
