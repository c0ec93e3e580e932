import { describe, expect, it } from 'vitest';
import { findable } from '../../../src/evaluation/rollouts/findable.js';
import { judgeSegments, type SegmentVerdict } from '../../../src/evaluation/rollouts/segments.js';
import { finished } from '../../support/finished.js';
import { seededRandom } from '../../support/seeded-random.js';
import { isTreated, onlyEpoch, usersOf, type TestUser } from './users-of.js';

const ROLLOUT = 'segments';
const split = onlyEpoch(ROLLOUT, 50).everybody;

/** `effect` of a treated user in this segment; `sizes`: users of each segment. */
function people(sizes: Readonly<Record<string, number>>, effect: (segment: string) => number, seed: number): TestUser[] {
  const random = seededRandom(seed);
  const hits = (n: number, p: number): number => Array.from({ length: n }, random).filter((u) => u < p).length;
  const segments = Object.entries(sizes).flatMap(([segment, size]) => new Array<string>(size).fill(segment));
  return segments.map((segment, user) => {
    const rate = 0.3 + 0.4 * random();
    const gained = isTreated(ROLLOUT, user, 50) ? effect(segment) : 0;
    return { m: 30, x: hits(30, rate), n: 30, y: hits(30, rate + gained), segments: { persona: segment } };
  });
}

const judge = (users: readonly TestUser[], margin = 0.1): SegmentVerdict[] =>
  finished(judgeSegments({ split, users: usersOf(ROLLOUT, users), alpha: 0.05, margin, relabellings: 799 }));

describe('the segments of a rollout', () => {
  it('name the one that is harmed, and show that the others are not', () => {
    const verdicts = judge(people({ heavy: 200, light: 200, newcomer: 200 }, (segment) => (segment === 'light' ? -0.15 : 0.02), 1));
    expect(verdicts.map(({ segments, harmed, notWorse }) => [segments, harmed, notWorse])).toEqual([
      [['heavy'], false, true],
      [['light'], true, false],
      [['newcomer'], false, true],
    ]);
    const [, light] = verdicts;
    expect(light!.harmP).toBe(1 / 800);
    expect(light!.interval.low).toBeLessThan(-0.15);
    expect(light!.interval.high).toBeGreaterThan(-0.15);
    expect(light!.treated.users + light!.control.users).toBe(200);
  });

  it('are not called harmed because one of many looks bad', () => {
    const sizes = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`s${i}`, 60]));
    let [harmed, alone] = [0, 0];
    for (let seed = 1; seed <= 12; seed++) {
      const verdicts = judge(
        people(sizes, () => 0, seed),
        0.3,
      );
      harmed += verdicts.filter((one) => one.harmed).length;
      alone += verdicts.filter(({ interval }) => interval.high < 0).length;
    }
    // 12 x 0.05 are expected at most.
    expect(harmed).toBeLessThanOrEqual(2);
    expect(alone).toBeGreaterThanOrEqual(harmed);
  });

  it('that are too small alone are judged together', () => {
    const verdicts = judge(
      people({ a: 250, b: 42, c: 42, d: 42 }, () => 0, 3),
      0.09,
    );
    expect(verdicts.map(({ segments, usersMissing }) => [segments, usersMissing])).toEqual([
      [['a'], 0],
      [['b', 'c', 'd'], 0],
    ]);
    expect(verdicts[1]!.treated.users + verdicts[1]!.control.users).toBe(126);
  });

  it('that are too small together say how many users they lack', () => {
    const [large, small, tiny] = judge(
      people({ a: 250, b: 60, c: 10 }, () => 0, 4),
      0.05,
    );
    expect(large!.usersMissing).toBe(0);
    expect(small!.segments).toEqual(['b']);
    expect(small!.usersMissing).toBeGreaterThan(20);
    expect(small!.usersMissing).toBeLessThan(400);
    expect(small!.harmP).not.toBeNull();
    // Not even enough to act by: 20 users in the smaller arm are 40 here.
    expect(tiny).toMatchObject({ segments: ['c'], undecided: 'too_few_users', harmP: null, notWorse: false, usersMissing: 30 });
    expect(tiny!.interval).toEqual({ low: -1, high: 1 });
  });

  it('cannot be shown to lose nothing at all', () => {
    expect(() =>
      judge(
        people({ a: 50 }, () => 0, 5),
        0,
      ),
    ).toThrow('the margin must be above 0');
  });
});

describe('the harm that could be found', () => {
  it('is 2.8 standard deviations of the differences that other placements show', () => {
    const users = people({ all: 400 }, () => 0, 6);
    const { harm } = finished(findable(usersOf(ROLLOUT, users), split));
    const differences = Array.from({ length: 60 }, (_, i) => {
      const [one] = finished(
        judgeSegments({
          split: { ...split, rolloutId: `other-${i}` },
          users: usersOf(`other-${i}`, users),
          alpha: 0.05,
          margin: 1,
          relabellings: 19,
        }),
      );
      return one!.difference!;
    });
    const deviation = Math.sqrt(differences.reduce((sum, each) => sum + each ** 2, 0) / differences.length);
    // The deviation of 60 differences is known to within a fifth or so.
    expect(harm! / 2.8 / deviation).toBeGreaterThan(0.75);
    expect(harm! / 2.8 / deviation).toBeLessThan(1.35);
  });

  it('is none that can be named with too few users', () => {
    expect(
      finished(
        findable(
          usersOf(
            ROLLOUT,
            people({ all: 30 }, () => 0, 7),
          ),
          split,
        ),
      ),
    ).toMatchObject({
      harm: null,
      undecided: 'too_few_users',
    });
  });
});
