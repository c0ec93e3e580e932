/**
 * What an interval of `evaluate --rollout` is worth: how often it holds the truth, with 20 and with 100 users in the smaller arm, whether
 * users gain alike or not; and what "could find" is worth. Few rollouts with fixed seeds: `npm run study:rollouts` tries a thousand.
 */
import { describe, expect, it } from 'vitest';
import { epochsOf } from '../../../src/evaluation/rollouts/epochs.js';
import { judgeLook } from '../../../src/evaluation/rollouts/judge-look.js';
import { HORIZON_MS, looksOf } from '../../../src/evaluation/rollouts/looks.js';
import { couldFind } from '../../../src/evaluation/rollout-verdict/could-find.js';
import { study } from '../../../src/simulation/rollouts/study.js';
import { drawRollout, type RolloutWorld } from '../../../src/simulation/rollouts/world.js';
import { finished } from '../../support/finished.js';

const NOTHING: RolloutWorld = { name: 'coverage', users: 200, percent: 10, history: true, moves: 0, effect: 0, unequal: 0 };

/** So many misses or fewer of n when at least this share is covered: three standard deviations of n draws beyond what is expected. */
const mostMisses = (n: number, covered: number): number => n * (1 - covered) + 3 * Math.sqrt(n * covered * (1 - covered));

describe('the last interval holds the true effect', () => {
  it.each<[string, Partial<RolloutWorld>, number]>([
    ['20 users in the smaller arm, all of whom gain alike', { percent: 10, effect: 0.05 }, 0.88],
    ['20, some of whom gain and some lose', { percent: 10, effect: 0.02, unequal: 0.15 }, 0.88],
    ['100 users in the smaller arm, all of whom gain alike', { percent: 50, effect: 0.05 }, 0.92],
    ['100, some of whom gain and some lose', { percent: 50, effect: 0.02, unequal: 0.15 }, 0.92],
    ['100, without a history', { percent: 50, effect: 0.05, history: false }, 0.92],
  ])('with %s', (_, world, covered) => {
    const of = finished(study({ ...NOTHING, ...world }, { rollouts: 200, seed: 7, relabellings: 399 }));
    expect(of.decided).toBe(of.rollouts);
    expect(of.rollouts - of.covered).toBeLessThanOrEqual(mostMisses(of.rollouts, covered));
    // An interval that is always right is none.
    expect(of.halfWidth).toBeLessThan(0.2);
  });
});

it('a gain of what a look could find shows at it in about four of five rollouts', () => {
  const startMs = 1_767_571_200_000;
  const look = { ...looksOf({ rolloutStartMs: startMs, startMs, untilMs: startMs + HORIZON_MS }).at(-1)!, index: 0 };
  const judged = (effect: number, index: number) => {
    const [epoch] = epochsOf(`power-${index}`, [{ atMs: startMs, percent: 30 }], 0.05);
    const { looks } = drawRollout({ ...NOTHING, effect }, epoch!.everybody, [look], 3, index);
    const [users] = looks;
    const { gain } = finished(judgeLook({ epoch: epoch!, look, users: users!, state: null, relabellings: 399 }));
    return { gain: gain!, found: finished(couldFind(users!, epoch!.everybody, gain!)) };
  };
  const sizes = Array.from({ length: 20 }, (_, i) => judged(0, i).found!);
  const size = sizes.reduce((sum, each) => sum + each, 0) / sizes.length;
  const rollouts = 120;
  const shown = Array.from({ length: rollouts }, (_, i) => judged(size, 100 + i).gain.better).filter(Boolean).length;
  expect(Math.abs(shown / rollouts - 0.8)).toBeLessThanOrEqual(3 * Math.sqrt((0.8 * 0.2) / rollouts));
});
