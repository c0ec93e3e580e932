import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochsOf } from '../../../src/evaluation/rollouts/epochs.js';
import { judgeLook, type LookState, type LookVerdict } from '../../../src/evaluation/rollouts/judge-look.js';
import { looksOf } from '../../../src/evaluation/rollouts/looks.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import { finished } from '../../support/finished.js';
import { naiveRollout, type NaiveUser } from './naive-rollout.js';

const DAY_MS = 86_400_000;
const RELABELLINGS = 99;
/** So large that looks take relabellings out although there are only 100. */
const ALPHA = 0.4;

interface Life {
  readonly before: readonly boolean[];
  /** Rewards after the start, by look. */
  readonly after: readonly (readonly boolean[])[];
}

const rewards = (most: number) => fc.array(fc.boolean(), { maxLength: most });
const lives = (users: { min: number; max: number }) =>
  fc.array(
    fc.record({
      before: fc.oneof(fc.constant([]), rewards(12)),
      after: fc.array(rewards(6), { minLength: 3, maxLength: 3 }),
    }),
    { minLength: users.min, maxLength: users.max },
  );
const percents = fc.constantFrom(10, 33.3, 50, 80, 95);

/** As of a look: all rewards up to it. */
function userAt({ before, after }: Life, index: number, look: number): NaiveUser {
  const known = after.slice(0, look + 1).flat();
  return { id: `user-${index}`, m: before.length, x: before.filter(Boolean).length, n: known.length, y: known.filter(Boolean).length };
}

function judge(rollout: string, percent: number, looks: readonly (readonly NaiveUser[])[]): LookVerdict[] {
  const [epoch] = epochsOf(rollout, [{ atMs: 0, percent }], ALPHA);
  const schedule = looksOf({ rolloutStartMs: 0, startMs: 0, untilMs: 14 * DAY_MS }).slice(-looks.length);
  let state: LookState | null = null;
  return looks.map((users, index) => {
    const known = new RolloutUsers();
    for (const { id, m, x, n, y } of users)
      known.add({ place: placeOf(rollout, id), before: { decisions: m, reward: x }, after: { decisions: n, reward: y } });
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
