/**
 * The verdicts on simulated rollouts in every world of the study, fewer of each and with fewer relabellings than `npm run study:rollouts`
 * takes. Bounds are what is expected of the world and three standard deviations of as many rollouts.
 */
import { describe, expect, it } from 'vitest';
import { spentBy } from '../../../src/evaluation/rollouts/looks.js';
import { ROLLOUT_THRESHOLDS } from '../../../src/evaluation/rollouts/thresholds.js';
import { study } from '../../../src/simulation/rollouts/study.js';
import { WORLDS, type TriedWorld } from '../../../src/simulation/rollouts/worlds.js';
import { finished } from '../../support/finished.js';

const RELABELLINGS = 399;
/** Of 14 days, the looks may spend so much of alpha. */
const SPENT = ROLLOUT_THRESHOLDS.alpha * spentBy(14 * 86_400_000);

/** About as much work for each world. */
const rolloutsOf = ({ users }: TriedWorld): number => (users === 200 ? 300 : 80);
const deviations = (n: number, p: number): number => 3 * Math.sqrt(n * p * (1 - p));
/** So many or fewer of n, when the share is p at most. */
const atMost = (n: number, p: number): number => n * p + deviations(n, p);
const atLeast = (n: number, p: number): number => n * p - deviations(n, p);
const run = (world: TriedWorld, rollouts: number) => finished(study(world, { rollouts, seed: 1, relabellings: RELABELLINGS }));

const isNull = ({ effect, unequal }: TriedWorld): boolean => effect === 0 && unequal === 0;
const expectedUsers = ({ users, percent }: TriedWorld): number => (users * Math.min(percent, 100 - percent)) / 100;
const deciding = WORLDS.filter((world) => expectedUsers(world) >= ROLLOUT_THRESHOLDS.min_users);
const named = (worlds: readonly TriedWorld[]) => worlds.map((world) => [world.name, world] as const);

describe('rollouts', () => {
  it.each(named(deciding))('%s', (_, world) => {
    const { rollouts, decided, rolledBack, better, covered, sampleAlarms } = run(world, rolloutsOf(world));
    const { rolledBackAtMost, rolledBackAtLeast, coveredAtLeast } = world.expected;
    expect(decided).toBe(rollouts);
    // Where nobody is affected this is what alpha promises, and no more.
    if (rolledBackAtMost !== undefined) expect(rolledBack).toBeLessThanOrEqual(atMost(rollouts, isNull(world) ? SPENT : rolledBackAtMost));
    if (rolledBackAtLeast !== undefined) expect(rolledBack).toBeGreaterThanOrEqual(atLeast(rollouts, rolledBackAtLeast));
    if (coveredAtLeast !== undefined) expect(covered).toBeGreaterThanOrEqual(atLeast(rollouts, coveredAtLeast));
    if (isNull(world)) expect(better).toBeLessThanOrEqual(atMost(rollouts, ROLLOUT_THRESHOLDS.alpha / 2));
    expect(sampleAlarms).toBeLessThanOrEqual(atMost(rollouts, ROLLOUT_THRESHOLDS.count_alpha + 2 * ROLLOUT_THRESHOLDS.sample_alpha));
  });

  it.each(named(WORLDS.filter((world) => !deciding.includes(world))))('%s: too few users, so they are left alone', (_, world) => {
    expect(run(world, 10)).toMatchObject({ decided: 0, rolledBack: 0, better: 0 });
  });

  it('are the same for the same seed', () => {
    expect(run(WORLDS[0]!, 3)).toEqual(run(WORLDS[0]!, 3));
  });
});

describe('the worlds of the study', () => {
  it('have names of their own, and something expected of each', () => {
    expect(new Set(WORLDS.map(({ name }) => name)).size).toBe(WORLDS.length);
    for (const { name, expected } of WORLDS) expect(Object.keys(expected).length, name).toBeGreaterThan(0);
  });

  it('are those that are promised: equal policies at 10, 50 and 95 percent of 200 and 1,000 users, with and without a history', () => {
    const nulls = WORLDS.filter((world) => isNull(world) && world.moves === 0);
    expect(nulls.map(({ users, percent, history }) => [users, percent, history])).toEqual(
      [200, 1_000].flatMap((users) => [10, 50, 95].flatMap((percent) => [true, false].map((history) => [users, percent, history]))),
    );
    for (const { expected } of nulls) expect(expected.rolledBackAtMost).toBe(0.054);
  });
});
