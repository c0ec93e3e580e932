/** What holds of the measures whatever the samples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergedCategorical, mergedNumeric, quantileOf, type NumericDistribution } from '../../src/quality/distribution.js';
import { jensenShannon, klDivergence, psi } from '../../src/quality/divergence.js';
import { driftOf } from '../../src/quality/drift.js';
import { kolmogorovSmirnov } from '../../src/quality/kolmogorov-smirnov.js';
import { CategoricalSample, NumericSample } from '../../src/quality/sample.js';
import { drawnCategories, drawnNumbers } from '../../src/quality/bins.js';
import { seededRandom } from '../support/seeded-random.js';

type Value = number | null;
const numbers = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(null)), {
  maxLength: 60,
});
const categories = fc.array(fc.oneof(fc.constantFrom('a', 'b', '', 'née'), fc.constant(null)), { maxLength: 60 });
const numeric = (values: readonly Value[], most?: number): NumericDistribution => {
  const sample = new NumericSample(most);
  for (const value of values) sample.add(value);
  return sample.distribution();
};
const categorical = (values: readonly (string | null)[]) => {
  const sample = new CategoricalSample();
  for (const value of values) sample.add(value);
  return sample.distribution();
};
const plain = (values: readonly Value[]) => values.filter((value) => value !== null).map((value) => value + 0);

describe('properties', () => {
  it('PSI, KL and Jensen-Shannon are never negative, 0 for equal counts, and at most 1 bit', () => {
    const counts = fc
      .array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1 })
      .filter((pairs) => [0, 1].every((at) => pairs.some((pair) => pair[at]! > 0)));
    fc.assert(
      fc.property(counts, (pairs) => {
        const [p, q] = [pairs.map(([a]) => a), pairs.map(([, b]) => b)];
        for (const measure of [psi, klDivergence, jensenShannon]) {
          expect(measure(p, q)).toBeGreaterThanOrEqual(-1e-12);
          expect(Math.abs(measure(p, p))).toBeLessThan(1e-12);
        }
        expect(psi(p, q)).toBeCloseTo(psi(q, p), 9);
        expect(jensenShannon(p, q)).toBeLessThanOrEqual(1 + 1e-12);
      }),
    );
  });

  it('a sample against itself has not drifted', () => {
    fc.assert(
      fc.property(numbers, categories, (some, texts) => {
        const drift = driftOf(numeric(some), numeric(some));
        if (some.length > 0) expect(drift).toMatchObject({ psi: 0, drifted: false });
        else expect(drift).toBeUndefined();
        if (texts.length > 0) expect(driftOf(categorical(texts), categorical(texts))).toMatchObject({ psi: 0, drifted: false });
      }),
    );
  });

  it('Kolmogorov-Smirnov is what two loops over all values find', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const [left, right] = [plain(a), plain(b)];
        const found = kolmogorovSmirnov(numeric(a), numeric(b));
        if (left.length === 0 || right.length === 0) {
          expect(found).toBeUndefined();
          return;
        }
        const share = (values: readonly number[], at: number) => values.filter((value) => value <= at).length / values.length;
        const wanted = Math.max(...[...left, ...right].map((at) => Math.abs(share(left, at) - share(right, at))));
        expect(found!.statistic).toBeCloseTo(wanted, 12);
      }),
    );
  });

  it('partitions put together are the whole', () => {
    fc.assert(
      fc.property(numbers, numbers, categories, categories, (a, b, texts, more) => {
        expect(mergedNumeric(numeric(a), numeric(b))).toEqual(numeric([...a, ...b]));
        expect(mergedCategorical(categorical(texts), categorical(more))).toEqual(categorical([...texts, ...more]));
      }),
    );
  });

  it('percentiles are those of the sorted list', () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 100 }), (some, percent) => {
        const sorted = plain(some).sort((a, b) => a - b);
        expect(quantileOf(numeric(some), percent / 100)).toBe(sorted[Math.ceil((percent / 100) * sorted.length) - 1]);
      }),
    );
  });

  it('a sketch is off by no more ranks than it says, and by none at the values that it keeps', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 400 }), (values) => {
        const sketch = numeric(values, 16);
        const rank = (at: number) => values.filter((value) => value <= at).length;
        const told = (at: number) => sketch.values.reduce((sum, value, index) => sum + (value <= at ? sketch.counts[index]! : 0), 0);
        for (const at of sketch.values) expect(told(at)).toBeLessThanOrEqual(rank(at));
        for (const at of values) expect(rank(at) - told(at)).toBeLessThanOrEqual(sketch.rankError);
        expect(sketch.values.length).toBeLessThanOrEqual(17);
        expect(sketch.values[0]).toBe(Math.min(...values.map((value) => value + 0)));
        expect(sketch.values.at(-1)).toBe(Math.max(...values.map((value) => value + 0)));
      }),
    );
  });

  it('every value is drawn in one bin', () => {
    fc.assert(
      fc.property(numbers, numbers, categories, categories, (a, b, texts, more) => {
        const total = (counts: readonly (number | null)[]) => counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
        const bins = drawnNumbers(numeric(a), numeric(b));
        expect([total(bins.map((bin) => bin.count)), total(bins.map((bin) => bin.baseline_count))]).toEqual([a.length, b.length]);
        const named = drawnCategories(categorical(texts), categorical(more));
        expect([total(named.map((bin) => bin.count)), total(named.map((bin) => bin.baseline_count))]).toEqual([texts.length, more.length]);
      }),
    );
  });

  it.each([20, 60, 400])('two samples of %d of one distribution cause an alert less than once in a hundred times', (size) => {
    const random = seededRandom(11);
    let alarms = 0;
    for (let round = 0; round < 400; round++) {
      const draw = () => numeric(Array.from({ length: size }, () => (random() < 0.1 ? null : Math.floor(random() * 24))));
      if (driftOf(draw(), draw())!.drifted) alarms++;
    }
    expect(alarms).toBeLessThan(4);
  });
});
