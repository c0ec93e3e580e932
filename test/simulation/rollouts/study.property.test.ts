/**
 * The verdicts on simulated rollouts, few of each world with fixed seeds: `npm run study:rollouts` tries all worlds a thousand times.
 * Bounds are the expected shares and three standard deviations of so many rollouts.
 */
import { describe, expect, it } from 'vitest';
import { study, type StudyResult } from '../../../src/simulation/rollouts/study.js';
import type { RolloutWorld } from '../../../src/simulation/rollouts/world.js';
import { WORLDS } from '../../../src/simulation/rollouts/worlds.js';
import { finished } from '../../support/finished.js';

const NOTHING: RolloutWorld = { name: 'nothing', users: 200, percent: 10, history: true, moves: 0, effect: 0, unequal: 0 };
const run = (world: Partial<RolloutWorld>, rollouts: number): StudyResult =>
  finished(study({ ...NOTHING, ...world }, { rollouts, seed: 1, relabellings: 399 }));
/** So many or fewer of n, when the share is p at most. */
const atMost = (n: number, p: number): number => n * p + 3 * Math.sqrt(n * p * (1 - p));

describe('rollouts', () => {
  it.each<[string, Partial<RolloutWorld>]>([
    ['', {}],
    [' without a history', { history: false }],
    [' for half of the users', { percent: 50 }],
  ])('of nothing%s are seldom rolled back, and their intervals seldom miss', (_, world) => {
    const { rollouts, decided, rolledBack, better, covered, sampleAlarms } = run(world, 250);
    expect(decided).toBe(rollouts);
    expect(rolledBack).toBeLessThanOrEqual(atMost(rollouts, 0.0412));
    expect(better).toBeLessThanOrEqual(atMost(rollouts, 0.025));
    expect(rollouts - covered).toBeLessThanOrEqual(atMost(rollouts, 0.06));
    expect(sampleAlarms).toBeLessThanOrEqual(3);
  });

  it('of a policy that is as good on average, but not for each user, are rolled back little more often', () => {
    const { rollouts, rolledBack, covered } = run({ unequal: 0.15 }, 250);
    // A difference that is not studentised by arm takes back one of five.
    expect(rolledBack).toBeLessThanOrEqual(atMost(rollouts, 0.07));
    expect(rollouts - covered).toBeLessThanOrEqual(atMost(rollouts, 0.07));
  });

  it('that do harm are rolled back', () => {
    const ten = run({ effect: -0.1 }, 100);
    expect(ten.rolledBack).toBeGreaterThanOrEqual(92);
    expect(ten.rollouts - ten.covered).toBeLessThanOrEqual(atMost(100, 0.06));
    const moving = run({ users: 1_000, effect: -0.05, moves: 0.1 }, 40);
    expect(moving.rolledBack).toBeGreaterThanOrEqual(30);
  });

  it('with twenty expected users in no arm are left alone', () => {
    expect(run({ percent: 95 }, 10)).toMatchObject({ decided: 0, rolledBack: 0, better: 0 });
  });

  it('are the same for the same seed', () => {
    expect(run({}, 3)).toEqual(run({}, 3));
  });
});

describe('the worlds of the study', () => {
  it('have names of their own, and something expected of each', () => {
    expect(new Set(WORLDS.map(({ name }) => name)).size).toBe(WORLDS.length);
    for (const { name, expected } of WORLDS) expect(Object.keys(expected).length, name).toBeGreaterThan(0);
  });
});
