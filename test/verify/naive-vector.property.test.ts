/** The vectors that `verify` derives for itself are those that the policies would have made. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { POLICIES, policyNamed } from '../../src/policies/registry.js';
import { naiveVectorUnder } from '../../src/verify/naive-vector.js';

const grid = (x: number) => Math.round(x * 4096) / 4096 + 0;
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const situation = fc.record({
  requestedAtMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
  utcOffsetMin: fc.integer({ min: -840, max: 840 }),
  candidate: fc.record({
    tip_id: fc.constant('a'),
    is_overdue: fc.boolean(),
    task_age_days: fc.double({ min: 0, max: 100, noNaN: true }),
    priority: fc.integer({ min: 1, max: 4 }),
    category: fc.constantFrom(undefined, '', 'work'),
  }),
  profile: fc.record({
    completion_rate_30d: orNull(fc.double({ min: -1, max: 2, noNaN: true })),
    dismiss_rate_30d: orNull(fc.double({ min: 0, max: 1, noNaN: true })),
    mean_dwell_ms_30d: orNull(fc.double({ min: 0, max: 1e6, noNaN: true })),
    preferred_hour: orNull(fc.integer({ min: 0, max: 30 })),
    tip_volume_30d: orNull(fc.nat(200)),
    preferred_category: orNull(fc.constantFrom('', 'work')),
  }),
});

it('for every policy, from the record of every policy that holds the candidate', () => {
  fc.assert(
    fc.property(
      situation,
      fc.constantFrom('egreedy-v1', 'egreedy-v2', 'egreedy-v3', 'egreedy-v4', 'linucb'),
      ({ candidate, profile, ...context }, recordedBy) => {
        const recorder = policyNamed(recordedBy);
        const recorded = recorder.vectorizer(context, profile)(candidate);
        const event = {
          features: { names: [...recorder.featureNames], vectors: { a: recorded } },
          profile: { as_of_ms: context.requestedAtMs, features: profile },
          ranking: [{ tip_id: 'a', score: 0, propensity: 1, category: candidate.category }],
        };
        for (const policy of POLICIES) {
          const made = policy.vectorizer(context, profile)(candidate);
          expect(naiveVectorUnder(policy, event, 'a', recorded)!.map(grid)).toEqual(made);
          // As a policy that verify does not know by name.
          expect(naiveVectorUnder({ ...policy, name: 'another' }, event, 'a', recorded)).toEqual(made);
        }
      },
    ),
  );
});

it('for none from the record of a policy that saw nothing of the candidate', () => {
  const event = { features: { names: ['bias'], vectors: { a: [1] } }, profile: { as_of_ms: 0, features: {} }, ranking: [] };
  expect(naiveVectorUnder(policyNamed('egreedy-v2'), event, 'a', [1])).toBeUndefined();
});
