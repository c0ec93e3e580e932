import { describe, expect, it } from 'vitest';
import { betaDistribution, intervalOfHits, logBeta, logGamma } from '../../src/evaluation/beta.js';

/** P(at most `most` hits of `n`), added up. */
function binomialTail(most: number, n: number, p: number): number {
  let [term, total] = [(1 - p) ** n, 0];
  for (let k = 0; k <= most; k++) {
    total += term;
    term *= ((n - k) / (k + 1)) * (p / (1 - p));
  }
  return total;
}

describe('the beta function', () => {
  it('is what factorials make it', () => {
    let factorial = 1;
    for (let n = 1; n <= 60; n++) {
      expect(logGamma(n)).toBeCloseTo(Math.log(factorial), 10);
      factorial *= n;
    }
    expect(logGamma(0.5)).toBeCloseTo(Math.log(Math.PI) / 2, 12);
    expect(logBeta(3, 4)).toBeCloseTo(Math.log(1 / 60), 12);
  });

  it('has a distribution whose tails are those of binomials', () => {
    for (const [n, hits, p] of [
      [10, 3, 0.2],
      [1000, 41, 0.05],
      [50, 49, 0.99],
      [200, 100, 0.5],
    ] as const)
      expect(1 - betaDistribution(p, hits + 1, n - hits)).toBeCloseTo(binomialTail(hits, n, p), 11);
  });
});

describe('the interval of a share', () => {
  it('ends where so few or so many hits would have a chance of half of alpha', () => {
    const { low, high } = intervalOfHits(41, 1000, 0.05);
    expect(1 - binomialTail(40, 1000, low)).toBeCloseTo(0.025, 10);
    expect(binomialTail(41, 1000, high)).toBeCloseTo(0.025, 10);
  });

  it('of no hits begins at 0, of nothing but hits ends at 1', () => {
    expect(intervalOfHits(0, 10, 0.05).low).toBe(0);
    expect(intervalOfHits(0, 10, 0.05).high).toBeCloseTo(1 - 0.025 ** (1 / 10), 12);
    expect(intervalOfHits(10, 10, 0.05).high).toBe(1);
    expect(intervalOfHits(0, 0, 0.05)).toEqual({ low: 0, high: 1 });
  });
});
