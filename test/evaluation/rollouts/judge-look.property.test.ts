import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochsOf } from '../../../src/evaluation/rollouts/epochs.js';
import { judgeLook, type LookState, type LookVerdict } from '../../../src/evaluation/rollouts/judge-look.js';
import { looksOf } from '../../../src/evaluation/rollouts/looks.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { DONE_OR_NOT, type RewardScale } from '../../../src/evaluation/rollouts/rewards.js';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import { finished } from '../../support/finished.js';
import { naiveRollout, type NaiveUser } from './naive-rollout.js';

const DAY_MS = 86_400_000;
const RELABELLINGS = 99;
/** So large that looks take relabellings out although there are only 100. */
const ALPHA = 0.4;

interface Life {
  /** Rewards of decisions. */
  readonly before: readonly number[];
  /** After the start, by look. */
  readonly after: readonly (readonly number[])[];
}

const EITHER: RewardScale = DONE_OR_NOT;
const QUARTERS: RewardScale = { low: 0, high: 1, step: 0.25 };
const lives = (users: { min: number; max: number }, { step }: RewardScale = EITHER) => {
  const rewards = (most: number) =>
    fc.array(
      fc.integer({ min: 0, max: 1 / step }).map((steps) => steps * step),
      { maxLength: most },
    );
  return fc.array(
    fc.record({
      before: fc.oneof(fc.constant([]), rewards(12)),
      after: fc.array(rewards(6), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: users.min, maxLength: users.max },
  );
};
const percents = fc.constantFrom(10, 33.3, 50, 80, 95);

/** As of a look: all rewards up to it. */
function userAt({ before, after }: Life, index: number, look: number): NaiveUser {
  const known = after.slice(0, look + 1).flat();
  const [sum, squares] = [
    (of: readonly number[]) => of.reduce((a, b) => a + b, 0),
    (of: readonly number[]) => of.reduce((a, b) => a + b * b, 0),
  ];
  return {
    id: `user-${index}`,
    m: before.length,
    x: sum(before),
    xx: squares(before),
    n: known.length,
    y: sum(known),
    yy: squares(known),
  };
}

/** Each reward less by `shift`, on a scale that is lower by so much. */
function judge(rollout: string, percent: number, looks: readonly (readonly NaiveUser[])[], scale = EITHER, shift = 0): LookVerdict[] {
  const moved = ({ low, high, step }: RewardScale): RewardScale => ({ low: low - shift, high: high - shift, step });
  const sumsOf = (decisions: number, reward: number, squares: number) => ({
    decisions,
    reward: reward - shift * decisions,
    squares: squares - 2 * shift * reward + shift * shift * decisions,
  });
  const [epoch] = epochsOf(rollout, [{ atMs: 0, percent }], ALPHA);
  const schedule = looksOf({ rolloutStartMs: 0, startMs: 0, untilMs: 14 * DAY_MS }).slice(-looks.length);
  let state: LookState | null = null;
  return looks.map((users, index) => {
    const known = new RolloutUsers(moved(scale));
    for (const { id, m, x, xx, n, y, yy } of users)
      known.add({ place: placeOf(rollout, id), before: sumsOf(m, x, xx!), after: sumsOf(n, y, yy!) });
    const look = { ...schedule[index]!, index };
    const verdict: LookVerdict = finished(judgeLook({ epoch: epoch!, look, users: known, state, relabellings: RELABELLINGS }));
    ({ state } = verdict);
    return verdict;
  });
}

const shown = ({ rollback, gain, state }: LookVerdict) => ({
  rollback: rollback.now,
  p: rollback.p,
  difference: rollback.difference,
  low: gain!.interval.low,
  high: gain!.interval.high,
  taken: state.rollback.taken,
});

describe('the verdicts on a rollout', () => {
  it('are those of the naive calculation, bit for bit', () => {
    let decided = 0;
    fc.assert(
      fc.property(lives({ min: 220, max: 260 }), percents, fc.string({ minLength: 1, maxLength: 8 }), (people, percent, rollout) => {
        const looks = [0, 1, 2].map((look) => people.map((life, i) => userAt(life, i, look)));
        const verdicts = judge(rollout, percent, looks);
        const deciding = verdicts.filter(({ rollback }) => rollback.undecided === null);
        decided += deciding.length;
        const asked = deciding.map(({ look }) => ({
          spent: ALPHA * look.spent,
          gainSpent: ALPHA * look.gainSpent!,
          users: looks[look.index]!,
        }));
        if (asked.length > 0) expect(deciding.map(shown)).toEqual(naiveRollout(rollout, percent, asked, RELABELLINGS));
      }),
      { numRuns: 15 },
    );
    expect(decided).toBeGreaterThan(20);
  });

  it('are those of the naive calculation too where a reward may be a fraction, and do not depend on where 0 is', () => {
    let decided = 0;
    fc.assert(
      fc.property(lives({ min: 220, max: 260 }, QUARTERS), percents, (people, percent) => {
        const looks = [0, 1, 2].map((look) => people.map((life, i) => userAt(life, i, look)));
        const deciding = judge('fractions', percent, looks, QUARTERS).filter(({ rollback }) => rollback.undecided === null);
        decided += deciding.length;
        const asked = deciding.map(({ look }) => ({
          spent: ALPHA * look.spent,
          gainSpent: ALPHA * look.gainSpent!,
          users: looks[look.index]!,
        }));
        if (asked.length === 0) return;
        expect(deciding.map(shown)).toEqual(naiveRollout('fractions', percent, asked, RELABELLINGS));
        const shifted = judge('fractions', percent, looks, QUARTERS, 0.75).filter(({ rollback }) => rollback.undecided === null);
        expect(shifted.map(shown)).toEqual(deciding.map(shown));
        expect(shifted[0]!.rollback.treated.reward).toBeCloseTo(deciding[0]!.rollback.treated.reward! - 0.75, 9);
      }),
      { numRuns: 10 },
    );
    expect(decided).toBeGreaterThan(10);
  });

  it('do not depend on the order of users, nor on who gathered them', () => {
    fc.assert(
      fc.property(
        lives({ min: 100, max: 140 }).chain((people) =>
          fc.tuple(fc.constant(people), fc.shuffledSubarray([...people.keys()], { minLength: people.length, maxLength: people.length })),
        ),
        ([people, order]) => {
          const looks = [0, 1, 2].map((look) => people.map((life, i) => userAt(life, i, look)));
          const shuffled = looks.map((users) => order.map((i) => users[i]!));
          expect(judge('rollout', 50, shuffled)).toEqual(judge('rollout', 50, looks));
        },
      ),
      { numRuns: 20 },
    );
  });
});
