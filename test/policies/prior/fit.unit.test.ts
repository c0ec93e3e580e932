import { describe, expect, it } from 'vitest';
import { fitPrior, priorShortage, type UserSums } from '../../../src/policies/prior/fit.js';
import { add, emptyState } from '../../../src/policies/ridge.js';
import { randomStream } from '../../../src/random.js';
import { finished } from '../../support/finished.js';

/** Users whose vectors `vector` makes, with rewards of 0 and 1. */
function users(
  count: number,
  each: number,
  vector: (chance: () => number) => number[],
  rewardOf = (chance: number) => (chance < 0.5 ? 1 : 0),
) {
  const random = randomStream(5, 'few');
  return Array.from({ length: count }, (_, user): UserSums => {
    const state = emptyState(vector(() => 0).length);
    let squares = 0;
    for (let i = 0; i < each; i++) {
      const reward = rewardOf(random.next());
      squares += reward * reward;
      add(
        state,
        vector(() => random.integer(-4096, 4096) / 4096),
        reward,
        1,
      );
    }
    return { userId: `u${user}`, state, squares };
  });
}
const plain = (chance: () => number) => [1, chance()];

describe('refuses', () => {
  it.each([
    [99, 60, 99, 5_940, 1, 0],
    [100, 49, 100, 4_900, 0, 100],
    [3, 10, 3, 30, 97, 4_970],
    // Users of 4 rewards are not among the 100.
    [1_300, 4, 0, 5_200, 100, 0],
    [0, 0, 0, 0, 100, 5_000],
  ])('%i users of %i rewards', (count, each, enough, rewards, missingUsers, missingRewards) => {
    const few = users(count, each, plain);
    expect(priorShortage(few)).toEqual({ users: enough, rewards, missingUsers, missingRewards });
    expect(() => finished(fitPrior(few, 10))).toThrow(`a prior cannot be fitted on ${enough} users and ${rewards} rewards`);
  });

  it('nobody else', () => expect(priorShortage(users(100, 50, plain))).toBeUndefined());
});

it('names what is missing', () => {
  let thrown: unknown;
  try {
    finished(fitPrior(users(98, 20, plain), 10));
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({
    code: 'not_enough_data',
    hint: expect.stringContaining('Missing: 2 more users with at least 5 rewards and 3040 more rewards.') as string,
    details: { users: 98, rewards: 1_960, missing_users: 2, missing_rewards: 3_040 },
  });
});

describe('an entry of which these users tell nothing', () => {
  it('stays 0 and is named: one that is always 0, and the copy of another', () => {
    const fit = finished(
      fitPrior(
        users(120, 50, (chance) => {
          const x = chance();
          return [1, 0, x, x, chance()];
        }),
        10,
      ),
    );
    expect(fit.undetermined).toEqual([1, 3]);
    expect([fit.theta[1], fit.theta[3], fit.standardErrors[1], fit.standardErrors[3]]).toEqual([0, 0, 0, 0]);
    const without = finished(
      fitPrior(
        users(120, 50, (chance) => [1, chance(), chance()]),
        10,
      ),
    );
    // The bias is found as well without them. Nothing depends on x but by chance.
    expect(fit.theta[0]).toBeCloseTo(without.theta[0]!, 2);
    expect(Math.abs(fit.theta[2]!)).toBeLessThan(5 * fit.standardErrors[2]!);
  });
});

it('knows no lambda where rewards do not vary', () => {
  const fit = finished(
    fitPrior(
      users(120, 50, plain, () => 0),
      10,
    ),
  );
  expect(fit).toMatchObject({ estimatedLambda: null, noise: 0, theta: [0, 0] });
});

it('users without a reward do not count', () => {
  const some = users(120, 50, plain);
  const idle = { userId: 'idle', state: emptyState(2), squares: 0 };
  expect(finished(fitPrior([idle, ...some], 10))).toEqual(finished(fitPrior(some, 10)));
});
