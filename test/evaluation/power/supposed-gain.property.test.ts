import fc from 'fast-check';
import { expect, it } from 'vitest';
import { largestGain, valuesWithGain } from '../../../src/evaluation/power/supposed-gain.js';
import { ValueShares } from '../../../src/evaluation/power/value-shares.js';

const decision = fc.record({
  /** The new policy's and the logged probability of what was served, as a log of two candidates has them. */
  logged: fc.double({ min: 0.02, max: 0.98, noNaN: true }),
  next: fc.double({ min: 0, max: 1, noNaN: true }),
  reward: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
});

it('values with a supposed gain have that gain as their mean, never lie below -1, and their shares add up to 1', () => {
  fc.assert(
    fc.property(fc.array(decision, { minLength: 1, maxLength: 40 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (decisions, part) => {
      const values = new ValueShares();
      let distance = 0;
      for (const { logged, next, reward } of decisions) {
        const weights = [next / logged, (1 - next) / (1 - logged)];
        const variance = next * weights[0]! + (1 - next) * weights[1]! - 1;
        values.add({ largest: Math.max(...weights), variance: Math.max(0, variance) }, reward, true);
        distance += Math.abs(next - logged) / decisions.length;
      }
      // Two weights have one distribution with this mean, variance and largest: the bins lose nothing but where a bin reaches over 1.
      expect(Math.abs(largestGain(values) - distance)).toBeLessThan(0.06);
      const gain = part * largestGain(values);
      const supposed = valuesWithGain(values, gain);
      expect(supposed.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 9);
      expect(supposed.reduce((sum, { value, share }) => sum + value * share, 0)).toBeCloseTo(gain, 9);
      for (const { value, share } of supposed) {
        expect(value).toBeGreaterThanOrEqual(-1);
        expect(share).toBeGreaterThan(0);
      }
    }),
  );
});

it('two halves taken together are the whole', () => {
  fc.assert(
    fc.property(fc.array(decision, { minLength: 2, maxLength: 30 }), (decisions) => {
      const [whole, first, second] = [new ValueShares(), new ValueShares(), new ValueShares()];
      for (const [i, { logged, next, reward }] of decisions.entries())
        for (const values of [whole, i % 2 === 0 ? first : second]) values.add(next / logged, reward, i % 3 > 0);
      first.take(second);
      expect([first.n, first.rewardedShare]).toEqual([whole.n, whole.rewardedShare]);
      for (const [i, { value, share }] of first.weights.entries()) {
        expect(value).toBeCloseTo(whole.weights[i]!.value, 9);
        expect(share).toBeCloseTo(whole.weights[i]!.share, 9);
      }
      expect(first.meanReward).toBeCloseTo(whole.meanReward, 9);
    }),
  );
});
