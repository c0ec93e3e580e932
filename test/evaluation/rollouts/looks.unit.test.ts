import { describe, expect, it } from 'vitest';
import { epochsOf, leastHoldout } from '../../../src/evaluation/rollouts/epochs.js';
import { looksOf, spentBy } from '../../../src/evaluation/rollouts/looks.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = 1_795_000_000_000;
const looks = (days: number, horizonMs?: number) =>
  looksOf({
    rolloutStartMs: START_MS,
    startMs: START_MS,
    untilMs: START_MS + days * DAY_MS,
    ...(horizonMs === undefined ? {} : { horizonMs }),
  });

describe('the looks of a rollout', () => {
  it('double, come at the horizon too, and each compares decisions at the greatest age of which four fit', () => {
    expect(looks(17).map(({ index, elapsedMs, ageMs }) => [index, elapsedMs / HOUR_MS, ageMs / HOUR_MS])).toEqual([
      [0, 1.5, 1 / 6],
      [1, 3, 1 / 6],
      [2, 6, 1],
      [3, 12, 1],
      [4, 24, 6],
      [5, 48, 6],
      [6, 96, 24],
      [7, 192, 24],
      [8, 336, 72],
      [9, 384, 72],
    ]);
  });

  it('compare only decisions whose rewards are as old as the age, before and after', () => {
    for (const { atMs, dueAtMs, ageMs, before, after } of looks(40)) {
      expect(after).toEqual({ fromMs: START_MS, toMs: atMs - ageMs });
      expect(before).toEqual({ fromMs: START_MS - 14 * DAY_MS, toMs: START_MS - ageMs });
      expect(dueAtMs).toBe(atMs + ageMs);
      expect(after.toMs - after.fromMs).toBeGreaterThanOrEqual(3 * ageMs);
    }
  });

  it('spend more and more of alpha and never all of it, but the gain has its last word at the horizon', () => {
    expect(spentBy(DAY_MS)).toBe(0.25);
    const all = looks(400, 10 * DAY_MS);
    for (const [i, { spent }] of all.entries()) {
      expect(spent).toBeGreaterThan(all[i - 1]?.spent ?? 0);
      expect(spent).toBeLessThan(1);
    }
    const final = all.findIndex(({ gainSpent }) => gainSpent === 1);
    expect(all[final]!.elapsedMs).toBe(10 * DAY_MS);
    expect(all.slice(0, final).every(({ gainSpent, spent }) => gainSpent === spent)).toBe(true);
    expect(all.slice(final + 1).every(({ gainSpent }) => gainSpent === null)).toBe(true);
  });

  it('are a look once when the horizon falls on one of the others', () => {
    expect(looks(14, 6 * HOUR_MS).filter(({ elapsedMs }) => elapsedMs === 6 * HOUR_MS)).toHaveLength(1);
  });

  it('do not happen before their time', () => {
    const first = { rolloutStartMs: START_MS, startMs: START_MS };
    expect(looksOf({ ...first, untilMs: START_MS + 1.5 * HOUR_MS - 1 })).toEqual([]);
    expect(looksOf({ ...first, untilMs: START_MS + 1.5 * HOUR_MS })).toHaveLength(1);
  });
});

describe('the epochs of a rollout', () => {
  it('compare everybody for harm, and for a gain only users whose order nobody has used', () => {
    const [first, second, third] = epochsOf(
      'r',
      [
        { atMs: START_MS, percent: 10 },
        { atMs: START_MS + DAY_MS, percent: 50 },
        { atMs: START_MS + 5 * DAY_MS, percent: 95 },
      ],
      0.05,
    );
    expect(first).toMatchObject({ number: 1, startMs: START_MS, endMs: START_MS + DAY_MS, alpha: 0.05 });
    expect(first!.fresh).toEqual(first!.everybody);
    expect(second!.everybody).toEqual({ rolloutId: 'r', fromPercent: 0, percent: 50, controlFromPercent: 50 });
    expect(second!.fresh).toEqual({ rolloutId: 'r', fromPercent: 10, percent: 50, controlFromPercent: 50 });
    expect(third!.fresh).toEqual({ rolloutId: 'r', fromPercent: 50, percent: 95, controlFromPercent: 95 });
    expect(third!.endMs).toBeNull();
  });

  it('share alpha: each has what the looks before have left, and at most half of the cap before', () => {
    const days = (raisedAfter: number) =>
      epochsOf(
        'r',
        [
          { atMs: START_MS, percent: 10 },
          { atMs: START_MS + raisedAfter * DAY_MS, percent: 50 },
        ],
        0.05,
      ).map(({ alpha }) => alpha);
    expect(days(1)).toEqual([0.05, 0.025]);
    const [, left] = days(14);
    expect(left).toBeCloseTo(0.05 * (1 - 336 / 408), 15);
  });

  it('leave out, once the percentage was lowered, who was treated before', () => {
    const [, , lowered] = epochsOf(
      'r',
      [
        { atMs: START_MS, percent: 10 },
        { atMs: START_MS + DAY_MS, percent: 50 },
        { atMs: START_MS + 2 * DAY_MS, percent: 10 },
      ],
      0.05,
    );
    expect(lowered).toMatchObject({ fresh: null, everybody: { fromPercent: 0, percent: 10, controlFromPercent: 50 } });
  });

  it('are refused when they are none', () => {
    expect(() => epochsOf('r', [], 0.05)).toThrow(RangeError);
    expect(() => epochsOf('r', [{ atMs: 0, percent: 101 }], 0.05)).toThrow('101 is no percentage');
    expect(() =>
      epochsOf(
        'r',
        [
          { atMs: 2, percent: 10 },
          { atMs: 1, percent: 20 },
        ],
        0.05,
      ),
    ).toThrow('in the order of their times');
  });

  it('suggest a hold-out of 50 users or 5 percent', () => {
    expect([100, 200, 1_000, 5_000].map(leastHoldout)).toEqual([50, 25, 5, 5]);
  });
});
