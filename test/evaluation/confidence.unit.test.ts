import { describe, expect, it } from 'vitest';
import { intervalOfMean } from '../../src/evaluation/confidence.js';
import { ConfidenceSequence, empiricalBernstein, type Bounds } from '../support/intervals.js';
import { seededRandom } from '../support/seeded-random.js';

const BOUNDS: Bounds = { min: -1, max: 3 };
/** Mostly 0, sometimes far out: what weighted rewards look like. Mean 0.05 * 3 - 0.3 * 1 = -0.15. */
const draw = (random: () => number): number => {
  const u = random();
  return u < 0.05 ? 3 : u < 0.35 ? -1 : 0;
};
const MEAN = -0.15;

describe('empirical Bernstein', () => {
  it('is the formula, by hand', () => {
    const { low, high } = empiricalBernstein([0, 1, 0, 1], { min: 0, max: 1 }, 0.05);
    const log = Math.log(80);
    const radius = Math.sqrt((2 * (1 / 3) * log) / 4) + (7 * log) / 9;
    expect(low).toBe(Math.max(0, 0.5 - radius));
    expect(high).toBe(Math.min(1, 0.5 + radius));
  });

  it('covers the mean at least as often as it says, and shrinks with variance', () => {
    const random = seededRandom(1);
    let covered = 0;
    for (let run = 0; run < 500; run++) {
      const { low, high } = empiricalBernstein(
        Array.from({ length: 300 }, () => draw(random)),
        BOUNDS,
        0.1,
      );
      if (low <= MEAN && MEAN <= high) covered++;
    }
    expect(covered / 500).toBeGreaterThanOrEqual(0.9);
    const steady = empiricalBernstein(
      Array.from({ length: 1000 }, () => 0.5),
      BOUNDS,
      0.1,
    );
    expect(steady.high - steady.low).toBeLessThan(0.15);
  });

  it('of a share is the same without the list', () => {
    const { low, high } = empiricalBernstein([1, 1, 0, 0, 0, 1, 0, 0, 1, 0], { min: 0, max: 1 }, 0.1);
    expect(intervalOfMean(4, 10, { low: 0, high: 1 }, 0.1).low).toBeCloseTo(low, 12);
    expect(intervalOfMean(4, 10, { low: 0, high: 1 }, 0.1).high).toBeCloseTo(high, 12);
    expect(intervalOfMean(1, 1, { low: 0, high: 1 }, 0.1)).toEqual({ low: 0, high: 1 });
  });

  it('says nothing of fewer than two values', () => {
    expect(empiricalBernstein([1], BOUNDS, 0.05)).toEqual({ low: -1, high: 3 });
  });
});

describe('a confidence sequence', () => {
  it('holds at all times at once', () => {
    const random = seededRandom(2);
    let everMissed = 0;
    for (let run = 0; run < 200; run++) {
      const sequence = new ConfidenceSequence(BOUNDS, 0.1);
      for (let t = 0, missed = false; t < 300 && !missed; t++) {
        sequence.add(draw(random));
        if (t % 5 > 0) continue;
        const { low, high } = sequence.interval; // whoever wants to see a miss looks all the time
        if ((missed = !(low <= MEAN && MEAN <= high))) everMissed++;
      }
    }
    expect(everMissed / 200).toBeLessThanOrEqual(0.1);
  });

  it('is about the average of the means so far, when they change', () => {
    const random = seededRandom(4);
    let everMissed = 0;
    for (let run = 0; run < 60; run++) {
      const sequence = new ConfidenceSequence({ min: 0, max: 1 }, 0.1);
      let means = 0;
      for (let t = 1, missed = false; t <= 800 && !missed; t++) {
        const mean = t <= 200 ? 0.9 : 0.1;
        means += mean;
        sequence.add(random() < mean ? 1 : 0);
        if (t % 5 > 0) continue;
        const { low, high } = sequence.interval;
        if ((missed = !(low <= means / t && means / t <= high))) everMissed++;
      }
    }
    expect(everMissed / 60).toBeLessThanOrEqual(0.1);
  });

  it('closes in on the mean', () => {
    const random = seededRandom(3);
    const sequence = new ConfidenceSequence(BOUNDS, 0.05);
    for (let t = 0; t < 50_000; t++) sequence.add(draw(random));
    const { low, high } = sequence.interval;
    expect(high - low).toBeLessThan(0.1);
    expect(sequence.n).toBe(50_000);
  });

  it('can be wrong about another mean: values that drift out of it show', () => {
    const sequence = new ConfidenceSequence({ min: 0, max: 1 }, 0.05);
    for (let t = 0; t < 300; t++) sequence.add(1);
    expect(sequence.interval.low).toBeGreaterThan(0.9);
  });

  it('refuses values outside its bounds', () => {
    const sequence = new ConfidenceSequence(BOUNDS, 0.05);
    expect(() => sequence.add(3.1)).toThrow(RangeError);
    expect(() => sequence.add(NaN)).toThrow(RangeError);
    expect(() => new ConfidenceSequence({ min: 1, max: 1 }, 0.05)).toThrow(RangeError);
  });
});
