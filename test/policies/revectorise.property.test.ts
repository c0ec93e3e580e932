import fc from 'fast-check';
import { expect, it } from 'vitest';
import { POLICIES, policyNamed } from '../../src/policies/registry.js';
import { vectorsUnder } from '../../src/policies/revectorise.js';
import { emptyState } from '../../src/policies/ridge.js';
import { scoreCandidates } from '../../src/policies/score.js';
import { MAX_TIME_MS } from '../../src/topics.js';

const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const situation = fc.record({
  requestedAtMs: fc.integer({ min: 0, max: MAX_TIME_MS }),
  utcOffsetMin: fc.integer({ min: -840, max: 840 }),
  candidates: fc.uniqueArray(
    fc.record({
      tip_id: fc.string({ minLength: 1, maxLength: 3 }),
      is_overdue: fc.boolean(),
      task_age_days: fc.double({ min: 0, max: 100, noNaN: true }),
      priority: fc.integer({ min: 1, max: 4 }),
      category: fc.constantFrom(undefined, '', 'work', 'health'),
    }),
    { selector: ({ tip_id }) => tip_id, minLength: 1, maxLength: 5 },
  ),
  profile: fc.record({
    completion_rate_30d: orNull(fc.double({ min: 0, max: 1, noNaN: true })),
    dismiss_rate_30d: orNull(fc.double({ min: 0, max: 1, noNaN: true })),
    mean_dwell_ms_30d: orNull(fc.double({ min: 0, max: 1e6, noNaN: true })),
    preferred_hour: orNull(fc.integer({ min: 0, max: 23 })),
    tip_volume_30d: fc.nat(200),
    preferred_category: orNull(fc.constantFrom('', 'work')),
  }),
});

it('any policy finds the vector that it would have had itself, bit for bit, in the record of another', () => {
  fc.assert(
    fc.property(situation, fc.constantFrom('egreedy-v1', 'egreedy-v2', 'egreedy-v3', 'egreedy-v4', 'linucb'), (one, recordedBy) => {
      const record = (name: string) => {
        const policy = policyNamed(name);
        const scored = scoreCandidates({
          ...one,
          policy,
          eventPolicy: name,
          state: emptyState(policy.dimension),
          decisionId: 'd',
          salt: '0',
          epsilon: 0.1,
        });
        return {
          features: { names: [...scored.featureNames], vectors: scored.vectors },
          profile: { as_of_ms: one.requestedAtMs, features: one.profile },
          ranking: scored.ranking,
        };
      };
      for (const { name } of POLICIES) {
        expect(Object.fromEntries(vectorsUnder(policyNamed(name), record(recordedBy))!)).toEqual({ ...record(name).features.vectors });
      }
    }),
  );
});

it("random's records do not hold what the others need", () => {
  const features = { names: ['bias'], vectors: { a: [1] } };
  expect(vectorsUnder(policyNamed('egreedy-v1'), { features, profile: { as_of_ms: 0, features: {} }, ranking: [] })).toBeUndefined();
});
