import { describe, expect, it } from 'vitest';
import { empiricalBernstein } from '../support/intervals.js';
import { comparePrompts } from '../../src/evaluation/prompt-comparison.js';

const counts = (promptVersion: string | null, done: number, notDone: number, open: number) => ({
  promptVersion,
  rewarded: done + notDone,
  rewards: done,
  open,
});
const SHARES = { low: 0, high: 1 };
const rewards = (ones: number, zeros: number) => [...Array<number>(ones).fill(1), ...Array<number>(zeros).fill(0)];
const BOUNDS = { min: 0, max: 1 };
/** As of a list of all rewards, which rounds otherwise. */
const interval = (ones: number, zeros: number, alpha: number) => {
  const { low, high } = empiricalBernstein(rewards(ones, zeros), BOUNDS, alpha);
  return { low: expect.closeTo(low, 12) as number, high: expect.closeTo(high, 12) as number };
};

describe('prompt versions', () => {
  it('have the mean of what they earned, with and without the decisions that earned nothing yet', () => {
    const { prompts } = comparePrompts([counts('v1', 30, 50, 20)], 'v1', SHARES, 0.05);
    expect(prompts).toEqual([
      {
        prompt_version: 'v1',
        served: 100,
        rewarded: 80,
        difference: null,
        reward: { n: 80, mean: 30 / 80, ...interval(30, 50, 0.05) },
        missing_as_zero: { n: 100, mean: 0.3, ...interval(30, 70, 0.05) },
      },
    ]);
  });

  it('differ by an interval of both, at an error that is shared', () => {
    const { prompts, against } = comparePrompts(
      [counts('v1', 3_000, 7_000, 0), counts('v2', 4_000, 6_000, 10_000), counts('v3', 3_050, 6_950, 0), counts(null, 1, 1, 1)],
      'v1',
      SHARES,
      0.05,
    );
    expect(against).toBe('v1');
    const [base, second] = [
      empiricalBernstein(rewards(3_000, 7_000), BOUNDS, 0.0125),
      empiricalBernstein(rewards(4_000, 6_000), BOUNDS, 0.0125),
    ];
    const { reward, missing_as_zero } = prompts[1]!.difference!;
    expect(reward.mean).toBeCloseTo(0.1, 12);
    expect(reward.low).toBeCloseTo(second.low - base.high, 12);
    expect(reward.high).toBeCloseTo(second.high - base.low, 12);
    expect(reward.low).toBeGreaterThan(0);
    expect(missing_as_zero.mean).toBeCloseTo(-0.1, 12);
    expect(missing_as_zero.high).toBeLessThan(0);
    expect(prompts[2]!.difference!.reward.low).toBeLessThan(0);
    expect(prompts[2]!.difference!.reward.high).toBeGreaterThan(0);
    expect([prompts[0]!.difference, prompts[3]!.difference]).toEqual([null, null]);
  });

  it('say nothing where there is nothing', () => {
    expect(comparePrompts([], null, SHARES, 0.05)).toEqual({ against: null, alpha: 0.05, prompts: [] });
    const { against, prompts } = comparePrompts([counts('v1', 0, 0, 4), counts('v2', 1, 0, 0)], 'v1', SHARES, 0.05);
    expect(against).toBe('v1');
    expect(prompts[0]).toMatchObject({ served: 4, rewarded: 0, reward: { n: 0, mean: null, low: 0, high: 1 } });
    expect(prompts[1]!.difference).toMatchObject({ reward: { mean: null, low: -1, high: 1 } });
    expect(comparePrompts([counts(null, 5, 5, 0)], null, SHARES, 0.05)).toMatchObject({
      against: null,
      prompts: [{ prompt_version: null, difference: null }],
    });
  });

  it('lie in the range of rewards that are configured', () => {
    const worse = { promptVersion: 'v1', rewarded: 400, rewards: -100, open: 0 };
    const { prompts } = comparePrompts([worse], 'v1', { low: -1, high: 0.5 }, 0.05);
    const values = [...Array<number>(200).fill(-1), ...Array<number>(200).fill(0.5)];
    const { low, high } = empiricalBernstein(values, { min: -1, max: 0.5 }, 0.05);
    expect(prompts[0]!.reward).toEqual({
      n: 400,
      mean: -0.25,
      low: expect.closeTo(low, 9) as number,
      high: expect.closeTo(high, 9) as number,
    });
  });
});
