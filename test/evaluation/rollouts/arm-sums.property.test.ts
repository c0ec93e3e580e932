import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relabelledSums, type Arms, type ArmSums, type Feature } from '../../../src/evaluation/rollouts/arm-sums.js';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import { populationOf, type Population } from '../../../src/evaluation/rollouts/population.js';
import { mix32, relabelKeys, relabelThreshold, type Split } from '../../../src/evaluation/rollouts/split.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';
import { finished } from '../../support/finished.js';

const RELABELLINGS = 40;

function populationIn(split: Split, size: number): Population {
  const users = new RolloutUsers();
  const none = { decisions: 0, reward: 0 };
  for (let i = 0; i < size; i++) users.add({ place: placeOf(split.rolloutId, `user-${i}`), before: none, after: none });
  return finished(populationOf(users, split));
}

/** One relabelling and one user after the other, in integers of any size. */
function plainArms({ split, words, treated, size }: Population, { d, e }: Feature, row: number): Arms {
  const [key, threshold] = [row === 0 ? 0 : relabelKeys(split.rolloutId, RELABELLINGS)[row - 1]!, relabelThreshold(split)];
  const isTreated = (user: number): boolean =>
    row === 0 ? treated[user] === 1 : BigInt(mix32(words[user]! + key) >>> 0) < BigInt(threshold);
  const armOf = (arm: boolean): ArmSums => {
    let [n, value, ee, ed, dd] = [0n, 0n, 0n, 0n, 0n];
    for (let user = 0; user < size; user++) {
      if (isTreated(user) !== arm) continue;
      const [weight, residual] = [BigInt(d[user]!), BigInt(e[user]!)];
      n += weight;
      value += residual;
      ee += residual * residual;
      ed += residual * weight;
      dd += weight * weight;
    }
    return { n: Number(n), e: Number(value), ee: Number(ee), ed: Number(ed), dd: Number(dd) };
  };
  return { treated: armOf(true), control: armOf(false) };
}

/** -0 and 0 are the same sum. */
const shown = ({ treated, control }: Arms): number[] => [...Object.values(treated), ...Object.values(control)].map((sum) => sum + 0);

describe('sums over relabelled arms', () => {
  it('are those of the plain calculation, to the last bit', () => {
    const sizes = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.constantFrom(31, 32, 33, 255, 8_193));
    const percents = fc.constantFrom(0.1, 5, 10, 33.3, 50, 80, 95, 99.9, 100);
    const largest = Math.floor(Math.sqrt(2 ** 51 / 8_193));
    const numbers = (size: number, min: number) =>
      fc
        .array(fc.integer({ min, max: largest }), { minLength: Math.min(size, 40), maxLength: 40 })
        .map((some) => Float64Array.from({ length: size }, (_, i) => some[(i * 7) % some.length] ?? 0));
    const features = (size: number) =>
      fc.array(fc.record({ d: fc.oneof(numbers(size, 0), fc.constant(new Float64Array(size).fill(1))), e: numbers(size, -largest) }), {
        minLength: 1,
        maxLength: 3,
      });
    fc.assert(
      fc.property(
        sizes.chain((size) => fc.tuple(fc.constant(size), features(size))),
        percents,
        fc.string({ minLength: 1, maxLength: 6 }),
        ([size, all], percent, rolloutId) => {
          const population = populationIn({ rolloutId, fromPercent: 0, percent, controlFromPercent: percent }, size);
          // The same one twice shares all columns, and with ones for weights it shares some with itself.
          const asked = [...all, all[0]!];
          const sums = finished(relabelledSums(population, asked, RELABELLINGS));
          for (const [i, feature] of asked.entries()) {
            expect(sums[i]!.rows).toBe(RELABELLINGS + 1);
            for (const row of [0, 1, 2, RELABELLINGS])
              expect(shown(sums[i]!.arms(row))).toEqual(shown(plainArms(population, feature, row)));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
