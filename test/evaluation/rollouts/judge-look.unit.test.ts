import { describe, expect, it } from 'vitest';
import { epochsOf } from '../../../src/evaluation/rollouts/epochs.js';
import { judgeLook, type LookVerdict } from '../../../src/evaluation/rollouts/judge-look.js';
import { looksOf } from '../../../src/evaluation/rollouts/looks.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { finished } from '../../support/finished.js';
import { seededRandom } from '../../support/seeded-random.js';
import { isTreated, lastLook, onlyEpoch, usersOf, type TestUser } from './users-of.js';

const ROLLOUT = 'r';
const DAY_MS = 86_400_000;

/** Users with rates of their own; `effect` by user. */
function people(count: number, seed: number, effect: (user: number) => number, history = true): TestUser[] {
  const random = seededRandom(seed);
  const hits = (n: number, p: number): number => Array.from({ length: n }, random).filter((u) => u < p).length;
  return Array.from({ length: count }, (_, user) => {
    const rate = 0.25 + 0.5 * random();
    const [m, n] = [history ? 10 + Math.floor(40 * random()) : 0, 5 + Math.floor(30 * random())];
    return { m, x: hits(m, rate), n, y: hits(n, rate + effect(user)) };
  });
}
const treatedGet =
  (effect: number, percent: number) =>
  (user: number): number =>
    isTreated(ROLLOUT, user, percent) ? effect : 0;

const judge = (users: RolloutUsers, percent: number, over: { relabellings?: number; margin?: number } = {}): LookVerdict =>
  finished(judgeLook({ epoch: onlyEpoch(ROLLOUT, percent), look: lastLook(), users, state: null, relabellings: 399, ...over }));

describe('a look at a rollout', () => {
  it('takes back what does harm, and says by how much', () => {
    const { rollback, gain } = judge(usersOf(ROLLOUT, people(400, 1, treatedGet(-0.1, 20))), 20);
    expect(rollback.now).toBe(true);
    expect(rollback.p).toBe(1 / 400);
    expect(Math.abs(rollback.difference! + 0.1)).toBeLessThan(0.03);
    expect(gain!.interval.low).toBeLessThan(-0.1);
    expect(gain!.interval.high).toBeGreaterThan(-0.1);
    expect(gain!.interval.high).toBeLessThan(0);
    expect(gain).toMatchObject({ better: false, notWorse: false });
  });

  it('shows a gain, and that what changes nothing is not worse than a margin', () => {
    const { rollback, gain } = judge(usersOf(ROLLOUT, people(400, 2, treatedGet(0.1, 50))), 50);
    expect(rollback).toMatchObject({ now: false, p: 1 });
    expect(gain!.better).toBe(true);
    const nothing = usersOf(
      ROLLOUT,
      people(400, 12, () => 0),
    );
    const { low } = judge(nothing, 50).gain!.interval;
    expect(low).toBeGreaterThan(-0.05);
    expect(low).toBeLessThan(0);
    expect(judge(nothing, 50, { margin: -low + 1e-9 }).gain).toMatchObject({ better: false, notWorse: true });
    expect(judge(nothing, 50, { margin: -low - 1e-9 }).gain).toMatchObject({ better: false, notWorse: false });
  });

  it('does nothing with fewer than 20 users in the smaller arm, or when a few make nearly all decisions', () => {
    const harmed = people(150, 4, treatedGet(-0.3, 10));
    const { rollback, gain, state } = judge(usersOf(ROLLOUT, harmed), 10);
    expect(rollback).toMatchObject({ now: false, p: null, undecided: 'too_few_users', smallerArm: { users: 15 } });
    expect(gain!.interval).toEqual({ low: -1, high: 1 });
    expect(state.rollback).toEqual({ taken: 0, gone: '' });
    // Without a difference between users but for chance, all decisions count alike.
    const alike = Array.from({ length: 300 }, (_, user) => ({ m: 0, x: 0, n: user < 20 ? 4_000 : 2, y: user < 20 ? 2_000 : 1 }));
    expect(judge(usersOf(ROLLOUT, alike), 10).rollback.undecided).toBe('too_few_effective_users');
  });

  it('compares nothing at 100 percent, nor without a decision', () => {
    expect(
      judge(
        usersOf(
          ROLLOUT,
          people(300, 5, () => 0),
        ),
        100,
      ).rollback,
    ).toMatchObject({
      undecided: 'nothing_comparable',
      difference: null,
      now: false,
    });
    expect(judge(new RolloutUsers(), 50).rollback).toMatchObject({ undecided: 'nothing_comparable', smallerArm: { users: 0 } });
  });

  it('compares rewards on any scale: twice as far apart, with the same evidence', () => {
    const users = people(300, 6, treatedGet(-0.04, 30));
    const unit = judge(usersOf(ROLLOUT, users), 30);
    // Done 1, otherwise -1.
    const wide = users.map((user) => ({ ...user, x: 2 * user.x - user.m, y: 2 * user.y - user.n }));
    const other = judge(usersOf(ROLLOUT, wide, { low: -1, high: 1, step: 2 }), 30);
    expect(other.rollback.p).toBe(unit.rollback.p);
    expect(other.rollback.difference).toBe(2 * unit.rollback.difference!);
    expect(other.gain!.interval.low).toBe(2 * unit.gain!.interval.low);
    expect(other.rollback.treated.reward).toBeCloseTo(2 * unit.rollback.treated.reward! - 1, 12);
    // In steps of 1 / 256 of the same rewards.
    const fine = judge(usersOf(ROLLOUT, users, { low: 0, high: 1, step: 1 / 256 }), 30);
    expect(fine.rollback).toEqual(unit.rollback);
  });

  it('shows a gain to nobody while the arms are not what chance made of them', () => {
    const gaining = people(400, 2, treatedGet(0.1, 50));
    const misplaced = gaining.map((user, i) => (i === 7 ? { ...user, misplaced: 3 } : user));
    const { gain, sample } = judge(usersOf(ROLLOUT, misplaced), 50);
    expect(sample.misplaced).toBe(3);
    expect(gain!.interval.low).toBeGreaterThan(0);
    expect(gain).toMatchObject({ better: false, notWorse: false });
  });

  it('keeps exact sums for users with very many decisions', () => {
    const heavy = people(100, 8, () => 0).map((user, i) =>
      i % 10 === 0 ? { m: 9_000_000, x: 4_000_000 + i, n: 8_000_000, y: 4_000_000 + 11 * i } : user,
    );
    const forwards = judge(usersOf(ROLLOUT, heavy), 50);
    expect(Number.isFinite(forwards.rollback.difference)).toBe(true);
    expect(forwards.gain!.interval.low).toBeLessThanOrEqual(forwards.rollback.difference!);
  });

  it('follows the look before it, and no other', () => {
    const users = usersOf(
      ROLLOUT,
      people(100, 9, () => 0),
    );
    const looks = looksOf({ rolloutStartMs: 0, startMs: 0, untilMs: DAY_MS });
    const epoch = onlyEpoch(ROLLOUT, 50);
    const { state } = finished(judgeLook({ epoch, look: looks[0]!, users, state: null, relabellings: 99 }));
    expect(() => finished(judgeLook({ epoch, look: looks[2]!, users, state, relabellings: 99 }))).toThrow('look 2 does not follow look 0');
    expect(() => finished(judgeLook({ epoch, look: looks[1]!, users, state: null }))).toThrow('look 1 does not follow the start');
    const next = finished(judgeLook({ epoch, look: looks[1]!, users, state: JSON.parse(JSON.stringify(state)), relabellings: 99 }));
    expect(next.state.look).toBe(1);
  });
});

describe('a look after a raise', () => {
  it('judges harm by everybody, and a gain by those whom nobody had placed before', () => {
    const [, second] = epochsOf(
      ROLLOUT,
      [
        { atMs: 0, percent: 20 },
        { atMs: DAY_MS, percent: 60 },
      ],
      0.05,
    );
    // Only the first fifth gains: whoever raised because of it is not told that the policy is better.
    const users = people(600, 10, treatedGet(0.3, 20));
    const { rollback, gain } = finished(
      judgeLook({ epoch: second!, look: lastLook(), users: usersOf(ROLLOUT, users), state: null, relabellings: 399 }),
    );
    const treated = (percent: number): number => users.filter((_, i) => isTreated(ROLLOUT, i, percent)).length;
    expect(rollback.treated.users).toBe(treated(60));
    expect(rollback.difference).toBeGreaterThan(0.06);
    expect(gain!.treated.users).toBe(treated(60) - treated(20));
    expect(gain!.control.users).toBe(600 - treated(60));
    expect(Math.abs(gain!.difference!)).toBeLessThan(0.03);
    expect(gain!.better).toBe(false);
  });

  it('says nothing about a gain once the percentage was lowered', () => {
    const [, , third] = epochsOf(
      ROLLOUT,
      [
        { atMs: 0, percent: 20 },
        { atMs: DAY_MS, percent: 60 },
        { atMs: 2 * DAY_MS, percent: 20 },
      ],
      0.05,
    );
    const users = people(600, 11, () => 0);
    const { rollback, gain } = finished(
      judgeLook({ epoch: third!, look: lastLook(), users: usersOf(ROLLOUT, users), state: null, relabellings: 399 }),
    );
    expect(gain).toBeNull();
    expect(rollback.control.users).toBe(users.filter((_, i) => !isTreated(ROLLOUT, i, 60)).length);
  });
});

describe('sums of users', () => {
  it('that no rewards have are refused', () => {
    const users = (y: number, n: number) => usersOf(ROLLOUT, [{ m: 0, x: 0, n, y }]);
    expect(() => users(3, 2)).toThrow(RangeError);
    expect(() => users(0.5, 2)).toThrow('2 decisions have no rewards that add up to 0.5');
    expect(() => users(-1, 2)).toThrow(RangeError);
    expect(() => users(1, 1.5)).toThrow(RangeError);
    expect(() => new RolloutUsers({ low: 0, high: 1, step: 0.3 })).toThrow(RangeError);
    const fractions = new RolloutUsers({ low: -0.5, high: 1, step: 0.5 });
    const nobody = { decisions: 0, reward: 0 };
    const add = (squares: number) =>
      fractions.add({ place: { u: 0, word: 0 }, before: nobody, after: { decisions: 2, reward: 0.5, squares } });
    // -1/2 and 1, or 1/2 and 0.
    for (const squares of [1.25, 0.25]) expect(() => add(squares)).not.toThrow();
    for (const squares of [2, 0.1]) expect(() => add(squares)).toThrow('whose squares add up to');
  });
});
