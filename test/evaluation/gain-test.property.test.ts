import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GainTest, plannedGrowths, valuesUntil } from '../../src/evaluation/bounds/gain-test.js';
import { BETTING_RATES } from '../../src/evaluation/bounds/rates.js';
import { seededRandom } from '../support/seeded-random.js';

const { rates, logShares } = BETTING_RATES;
/** K as it is written, without care for the range of numbers. */
const naive = (values: readonly number[], above: number): number =>
  rates.reduce((sum, rate, k) => sum + Math.exp(logShares[k]!) * values.reduce((product, z) => product * (1 + rate * (z - above)), 1), 0);
const tested = (values: readonly number[], above: number): GainTest => {
  const test = new GainTest(above);
  for (const z of values) test.add(z);
  return test;
};

describe('the exact factor', () => {
  const value = fc.oneof(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 90, noNaN: true }), fc.constant(-1));
  const above = fc.double({ min: -0.9, max: 0.5, noNaN: true });

  it('is the mixture of products, whichever way the values were split', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), above, fc.nat(60), (values, m, at) => {
        const expected = Math.log(naive(values, m));
        const [one, other] = [tested(values.slice(0, at), m), tested(values.slice(at), m)];
        one.take(other);
        expect(tested(values, m).logEvidence).toBeCloseTo(expected, 6);
        expect(one.logEvidence).toBeCloseTo(expected, 6);
      }),
    );
  });

  it('is fair: over all values of a world without a gain its mean is not above 1, at every step', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.double({ min: 1, max: 80, noNaN: true }),
        above,
        (share, high, m) => {
          // Two values with the mean m: high with probability p, and low.
          const low = Math.max(-1, m - share);
          const p = (m - low) / (high - low);
          fc.pre(p > 0 && p < 1);
          let mean = 0;
          for (let bits = 0; bits < 64; bits++) {
            const values = Array.from({ length: 6 }, (_, i) => (((bits >> i) & 1) === 1 ? high : low));
            const ups = values.filter((z) => z === high).length;
            mean += p ** ups * (1 - p) ** (6 - ups) * Math.exp(tested(values, m).logEvidence);
          }
          expect(mean).toBeLessThanOrEqual(1 + 1e-9);
        },
      ),
    );
  });

  it('does not overflow, whatever comes', () => {
    const test = tested(
      Array.from({ length: 20_000 }, (_, i) => (i % 2 === 0 ? 80 : -1)),
      0,
    );
    expect(test.logEvidence).toBeGreaterThan(10_000);
    expect(test.logEvidence).toBeLessThan(Infinity);
    expect(
      tested(
        Array.from({ length: 20_000 }, () => -1),
        0,
      ).logEvidence,
    ).toBeLessThan(0);
    expect(() => tested([-1.1], 0)).toThrow(RangeError);
  });

  it('foretells how many values like those it has seen it takes', () => {
    const random = seededRandom(7);
    const draw = (): number => (random() < 0.02 ? 20 : random() < 0.3 ? -1 : 0);
    const test = tested(Array.from({ length: 30_000 }, draw), 0);
    const foretold = test.valuesUntil(Math.log(20))!;
    const needed = Array.from({ length: 101 }, () => {
      const fresh = new GainTest(0);
      let n = 0;
      while (fresh.logEvidence < Math.log(20) && n < 100_000) {
        fresh.add(draw());
        n++;
      }
      return n;
    }).sort((a, b) => a - b);
    expect(foretold / needed[50]!).toBeGreaterThan(0.75);
    expect(foretold / needed[50]!).toBeLessThan(1.4);
    expect(tested([-1, -1, 0], 0).valuesUntil(3)).toBeNull();
    const variance = 0.02 * 400 + 0.3;
    const planned = valuesUntil(plannedGrowths(0.02 * 20 - 0.98 * 0.3, variance), Math.log(20))!;
    expect(planned / needed[50]!).toBeGreaterThan(0.7);
    expect(planned / needed[50]!).toBeLessThan(1.6);
    expect(
      valuesUntil(
        rates.map(() => 0),
        3,
      ),
    ).toBeNull();
  });
});
