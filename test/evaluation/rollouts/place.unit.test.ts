import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import {
  armOf,
  CONTROL,
  mix32,
  NEITHER,
  relabelKeys,
  relabelThreshold,
  TREATED,
  treatedShare,
  type Split,
} from '../../../src/evaluation/rollouts/split.js';

const users = (count: number): string[] => Array.from({ length: count }, (_, i) => `user-${i}`);
const first = (percent: number): Split => ({ rolloutId: 'r', fromPercent: 0, percent, controlFromPercent: percent });

describe('a place in a rollout', () => {
  it('is made of the first bytes of the hash of both ids', () => {
    const digest = createHash('sha256').update('promote-1|ana', 'utf8').digest();
    expect(placeOf('promote-1', 'ana')).toEqual({
      u: Number(digest.readBigUInt64BE(0) >> 11n) / 2 ** 53,
      word: digest.readUInt32BE(8),
    });
  });

  it('is in one arm or in neither', () => {
    const split = { rolloutId: 'r', fromPercent: 10, percent: 30, controlFromPercent: 50 };
    expect([0.0999, 0.1, 0.2999, 0.3, 0.4999, 0.5, 0.9999].map((u) => armOf(split, u))).toEqual([
      NEITHER,
      TREATED,
      TREATED,
      NEITHER,
      NEITHER,
      CONTROL,
      CONTROL,
    ]);
    expect(treatedShare(split)).toBeCloseTo(20 / 70, 15);
  });
});

describe('a relabelling', () => {
  it('treats the same share of the users, as independently of the placement and of each other as chance would', () => {
    const places = users(4_000).map((user) => placeOf('r', user));
    const keys = relabelKeys('r', 200);
    const threshold = relabelThreshold(first(10));
    const treated = [...keys].map((key) => places.map(({ word }) => mix32(word + key) >>> 0 < threshold));
    const shares = treated.map((arm) => arm.filter(Boolean).length / places.length);
    // A share of 4,000 users has a standard deviation of 0.00474; the mean of 200 of them has one of 0.00034.
    expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) / 200 - 0.1)).toBeLessThan(0.0012);
    const spread = shares.reduce((sum, share) => sum + (share - 0.1) ** 2, 0) / 200 / (0.09 / 4_000);
    expect(spread).toBeGreaterThan(0.7);
    expect(spread).toBeLessThan(1.35);
    const both = (a: readonly boolean[], b: readonly boolean[]) => a.filter((one, i) => one && b[i]).length / places.length;
    const truly = places.map(({ u }) => u < 0.1);
    // 0.01 of the users are in both of two independent arms, with a standard deviation of 0.0016.
    for (const [i, arm] of treated.slice(1).entries()) {
      expect(Math.abs(both(arm, treated[i]!) - 0.01)).toBeLessThan(0.008);
      expect(Math.abs(both(arm, truly) - 0.01)).toBeLessThan(0.008);
    }
  });

  it('needs no more than 32 bits when nearly everybody is treated', () => {
    expect(relabelThreshold(first(100))).toBe(2 ** 32 - 1);
    expect(relabelThreshold(first(50))).toBe(2 ** 31);
  });
});
