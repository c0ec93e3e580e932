import { describe, expect, it } from 'vitest';
import { DONE_OR_NOT, rewardBy, rewardScale, scaleOf } from '../../../src/evaluation/rollouts/rewards.js';
import { DEFAULT_REWARDS } from '../../../src/policies/controls/reward-rules.js';

describe('the reward of a decision', () => {
  it('is the first reaction that has come by an age, in the order in which they count', () => {
    const reactions = [
      { afterMs: 30, reward: 1 },
      { afterMs: 5, reward: -0.5 },
    ];
    expect([4, 5, 29, 30].map((age) => rewardBy(reactions, age))).toEqual([0, -0.5, -0.5, 1]);
    expect(rewardBy([], 100)).toBe(0);
  });
});

describe('the scale of rewards', () => {
  it.each([
    [DEFAULT_REWARDS, DONE_OR_NOT],
    [
      { done: 0.5, dismiss: 0, snooze: 0 },
      { low: 0, high: 0.5, step: 0.5 },
    ],
    [
      { done: 1, dismiss: -0.25, snooze: 0 },
      { low: -0.25, high: 1, step: 0.25 },
    ],
    [
      { done: 1, dismiss: -77 / 256, snooze: 0.5 },
      { low: -77 / 256, high: 1, step: 1 / 256 },
    ],
    [
      { done: -1, dismiss: -0.5, snooze: 0 },
      { low: -1, high: 0, step: 0.5 },
    ],
    [{ done: 0, dismiss: 0, snooze: 0 }, DONE_OR_NOT],
  ])('of %j is the coarsest with 0 and all of them', (rules, scale) => expect(rewardScale([rules])).toEqual(scale));

  it('has the rewards of all rules, and of none is that of dones', () => {
    expect(rewardScale([DEFAULT_REWARDS, { done: 0.5, dismiss: -0.5, snooze: 0 }])).toEqual({ low: -0.5, high: 1, step: 0.5 });
    expect(scaleOf([])).toEqual(DONE_OR_NOT);
  });
});
