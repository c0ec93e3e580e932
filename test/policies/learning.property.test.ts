import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { egreedyV1 } from '../../src/policies/egreedy-v1.js';
import { egreedyV2 } from '../../src/policies/egreedy-v2.js';
import { applyRewardChange, exampleVector } from '../../src/policies/learning.js';
import { ownExamples, translatedExamples } from '../../src/policies/example-source.js';
import { encodeState } from '../../src/policies/ridge-codec.js';
import { add, emptyState } from '../../src/policies/ridge.js';
import type { Reward } from '../../src/policies/reward.js';

const OWN = ownExamples('egreedy-v1')!;
const TIPS = ['a', 'b', '__proto__'];
const gridEntry = fc.integer({ min: -4096, max: 4096 }).map((steps) => steps / 4096);
const vector = fc.array(gridEntry, { minLength: 7, maxLength: 7 });
const decision = fc
  .tuple(vector, vector, vector)
  .map((vectors) => decisionOf(Object.fromEntries(TIPS.map((tipId, i) => [tipId, vectors[i]!]))));
const reward: fc.Arbitrary<Reward | null> = fc.option(
  fc.record({ tipId: fc.constantFrom(...TIPS), reward: fc.constantFrom(0 as const, 1 as const) }),
);

/** Through JSON, as decisions come: `__proto__` is then a key of its own. */
function decisionOf(vectors: Record<string, number[]>) {
  return {
    features: { names: [...egreedyV1.featureNames], vectors: JSON.parse(JSON.stringify(vectors)) as Record<string, number[]> },
    profile: { as_of_ms: 0, features: {} },
    ranking: [],
  };
}

describe('learning by differences', () => {
  it('whatever rewards a decision had on the way, the sums are those of the last ones, bit for bit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ decision, rewards: fc.array(reward, { minLength: 1, maxLength: 5 }) }), { maxLength: 6 }),
        (history) => {
          const state = emptyState(7);
          const last = new Map<number, Reward | null>();
          // In turns, so that changes of different decisions interleave.
          for (let turn = 0; turn < 5; turn++) {
            for (const [i, { decision: one, rewards }] of history.entries()) {
              const next = rewards[turn];
              if (next === undefined) continue;
              applyRewardChange(state, OWN, one, last.get(i) ?? null, next);
              last.set(i, next);
            }
          }
          const fresh = emptyState(7);
          for (const [i, { decision: one }] of history.entries()) {
            const final = last.get(i) ?? null;
            if (final !== null) add(fresh, one.features.vectors[final.tipId]!, final.reward, 1);
          }
          expect(encodeState(state).equals(encodeState(fresh))).toBe(true);
          expect(state.updates).toBe([...last.values()].filter((one) => one !== null).length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('says whether anything changed', () => {
    const one = decisionOf({ a: [1, 0, 0, 0, 0, 0, 0] });
    const state = emptyState(7);
    const win: Reward = { tipId: 'a', reward: 1 };
    expect(applyRewardChange(state, OWN, one, null, null)).toBe(false);
    expect(applyRewardChange(state, OWN, one, null, win)).toBe(true);
    expect(applyRewardChange(state, OWN, one, win, { ...win })).toBe(false);
    expect(applyRewardChange(state, OWN, one, win, { tipId: 'a', reward: 0 })).toBe(true);
    expect([state.updates, state.b[0], state.g[0]]).toEqual([1, 0, 1]);
    expect(applyRewardChange(state, OWN, one, { tipId: 'a', reward: 0 }, null)).toBe(true);
    expect(encodeState(state).equals(encodeState(emptyState(7)))).toBe(true);
  });
});

describe('what can be learned from', () => {
  it.each<[string, number[] | undefined]>([
    ['a tip that is no candidate', undefined],
    ['a vector of another dimension', new Array<number>(12).fill(1)],
    ['an entry out of range', [1, 0, 0, 1e200, 0, 0, 0]],
    ['an entry that is not a number', [1, 0, 0, NaN, 0, 0, 0]],
  ])('not %s', (_, x) => {
    const one = { features: { names: [], vectors: x === undefined ? {} : { a: x } }, profile: { as_of_ms: 0, features: {} }, ranking: [] };
    expect(exampleVector(one, OWN, 'a')).toBeUndefined();
    const state = emptyState(7);
    expect(applyRewardChange(state, OWN, one, null, { tipId: 'a', reward: 1 })).toBe(false);
    expect(state).toEqual(emptyState(7));
  });

  it('a vector off the grid is brought onto it', () => {
    const one = decisionOf({ a: [1, 1 / 3, -1e-9, 0.1, 0, 0, 0] });
    expect([...exampleVector(one, OWN, 'a')!]).toEqual([1, 1365 / 4096, 0, 410 / 4096, 0, 0, 0]);
  });
});

describe('what another policy learns from a decision', () => {
  const into = translatedExamples('egreedy-v1', egreedyV2);
  const seven = [1, 0, 0.5, 1, 0, 1, 0];
  const one = {
    ...decisionOf({ a: seven }),
    profile: {
      as_of_ms: 0,
      features: { completion_rate_30d: 0.25, dismiss_rate_30d: null, mean_dwell_ms_30d: 300_000, preferred_hour: 0, tip_volume_30d: 100 },
    },
  };

  it('is the vector that it would have had itself', () =>
    expect([...exampleVector(one, into, 'a')!]).toEqual([...seven, 0.25, 0, 0.5, 1, 1]));

  it('is padded with zeros when the record does not say what its entries are', () =>
    expect([...exampleVector({ ...one, features: { ...one.features, names: [] } }, into, 'a')!]).toEqual([...seven, 0, 0, 0, 0, 0]));

  it('is nothing where the policy that decided learns nothing', () =>
    expect(exampleVector({ ...one, features: { ...one.features, vectors: { a: [1] } } }, into, 'a')).toBeUndefined());
});
