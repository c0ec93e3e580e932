import fc from 'fast-check';
import { expect, it } from 'vitest';
import { liveAt, userPercentile } from '../../../src/policies/controls/control.js';
import { rolloutAt } from '../../../src/policies/controls/rollout.js';
import type { ControlEvent } from '../../../src/topics.js';

const BASE = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const control: fc.Arbitrary<ControlEvent> = fc.oneof(
  fc.record({
    control_id: fc.uuid(),
    type: fc.constant('promote' as const),
    effective_at_ms: fc.nat(20),
    policy: fc.constantFrom('egreedy-v2', 'linucb', 'random'),
    percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
  }),
  fc.record({ control_id: fc.uuid(), type: fc.constant('rollback' as const), effective_at_ms: fc.nat(20) }),
);

it('the shares are what every user gets, whatever the order in which the controls came', () => {
  fc.assert(
    fc.property(fc.array(control, { maxLength: 12 }), fc.nat(22), fc.string(), (controls, at, user) => {
      const { shares } = rolloutAt(controls, at, 'egreedy-v1', BASE);
      expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
      let reach = 0;
      const mine = shares.find(({ percent }) => userPercentile(user) < (reach += percent))!;
      expect(mine.policy).toBe(liveAt(controls, at, user, 'egreedy-v1'));
      expect(rolloutAt([...controls].reverse(), at, 'egreedy-v1', BASE)).toEqual({ shares, settings: BASE });
    }),
  );
});
