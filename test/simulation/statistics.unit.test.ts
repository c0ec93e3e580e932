import { describe, expect, it } from 'vitest';
import { relativeChange, ratio, student95, type UserPart } from '../../src/simulation/statistics.js';
import { seededRandom } from '../support/seeded-random.js';

const SHARE = { min: 0, max: 1 };

describe('intervals over users', () => {
  it('cover the ratio as often as they say', () => {
    const random = seededRandom(5);
    let covered = 0;
    for (let trial = 0; trial < 400; trial++) {
      const sizes = Array.from({ length: 60 }, () => 1 + Math.floor(random() * 20));
      const rates = sizes.map(() => (random() < 0.5 ? 0.2 : 0.6));
      const { low, high } = ratio(
        sizes.map((size, i) => ({ numerator: size * rates[i]!, denominator: size, kind: 'one' })),
        SHARE,
      );
      if (low <= 0.4 && 0.4 <= high) covered++;
    }
    expect(covered / 400).toBeGreaterThan(0.91);
  });

  it.each([2, 3, 8])('also with %i users, where a normal one does not', (users) => {
    const random = seededRandom(users);
    const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    let [covered, byNormal] = [0, 0];
    for (let trial = 0; trial < 2_000; trial++) {
      const { mean, low, high } = ratio(
        Array.from({ length: users }, () => ({ numerator: 10 * (0.5 + 0.02 * normal()), denominator: 10, kind: 'one' })),
        SHARE,
      );
      if (low <= 0.5 && 0.5 <= high) covered++;
      if (Math.abs(mean - 0.5) <= (1.96 / student95(users - 1)) * (high - mean)) byNormal++;
    }
    expect(covered / 2_000).toBeGreaterThan(0.935);
    expect(covered / 2_000).toBeLessThan(0.965);
    expect(byNormal / 2_000).toBeLessThan(0.935);
  });

  it('are about users of each kind, not about how different the kinds are', () => {
    const random = seededRandom(9);
    let covered = 0;
    let width = 0;
    for (let trial = 0; trial < 1_000; trial++) {
      const parts = Array.from({ length: 20 }, (_, i) => ({
        numerator: (i % 2 === 0 ? 0.9 : 0.1) + 0.1 * (random() - 0.5),
        denominator: 1,
        kind: i % 2 === 0 ? 'eager' : 'idle',
      }));
      const { low, high } = ratio(parts, SHARE);
      if (low <= 0.5 && 0.5 <= high) covered++;
      width += (high - low) / 1_000;
    }
    expect(covered / 1_000).toBeGreaterThan(0.93);
    expect(covered / 1_000).toBeLessThan(0.97);
    expect(width).toBeLessThan(0.05);
  });

  it('say nothing of one user, and never more than is possible', () => {
    expect(ratio([{ numerator: 3, denominator: 5, kind: 'a' }], { min: -1, max: 1 })).toEqual({ mean: 0.6, low: -1, high: 1 });
    expect(
      ratio(
        [
          { numerator: 5, denominator: 5, kind: 'a' },
          { numerator: 2, denominator: 5, kind: 'b' },
        ],
        SHARE,
      ),
    ).toEqual({ mean: 0.7, low: 0, high: 1 });
  });

  it.each([
    [1, 12.7062],
    [2, 4.30265],
    [3, 3.18245],
    [5, 2.57058],
    [10, 2.22814],
    [30, 2.04227],
    [1e9, 1.95996],
  ])("Student's quantile for %d degrees of freedom is %d", (freedom, quantile) => {
    expect(Math.abs(student95(freedom) / quantile - 1)).toBeLessThan(0.0015);
  });
});

describe('the change of a sum', () => {
  it('has an interval that covers the true one as often as it says, where users differ in how much they add', () => {
    const random = seededRandom(11);
    let [covered, apart] = [0, 0];
    for (let trial = 0; trial < 1_000; trial++) {
      const parts = Array.from({ length: 80 }, (): UserPart => {
        const weight = 0.2 + 3 * random() ** 3;
        return { kind: 'one', denominator: weight * (1 + 0.4 * (random() - 0.5)), numerator: 0.7 * weight * (1 + 0.4 * (random() - 0.5)) };
      });
      const { mean, low, high } = relativeChange(parts);
      if (low! <= -0.3 && -0.3 <= high!) covered++;
      // One that takes numerator and denominator for independent is several times as wide.
      if (high! - mean! < 0.05) apart++;
    }
    expect(covered / 1_000).toBeGreaterThan(0.93);
    expect(covered / 1_000).toBeLessThan(0.97);
    expect(apart).toBe(1_000);
  });

  it('is nothing between equals, and everything where all of it goes', () => {
    const parts = (share: number): UserPart[] => [1, 5, 9].map((n) => ({ kind: 'one', denominator: n, numerator: share * n }));
    expect(relativeChange(parts(1))).toEqual({ mean: 0, low: 0, high: 0 });
    expect(relativeChange(parts(0))).toEqual({ mean: -1, low: -1, high: -1 });
  });

  it('cannot be told from one user, nor against nothing', () => {
    expect(relativeChange([{ kind: 'one', numerator: 3, denominator: 4 }])).toEqual({ mean: -0.25, low: null, high: null });
    const nothing: UserPart[] = [1, 2].map(() => ({ kind: 'one', numerator: 3, denominator: 0 }));
    expect(relativeChange(nothing)).toEqual({ mean: null, low: null, high: null });
  });
});
