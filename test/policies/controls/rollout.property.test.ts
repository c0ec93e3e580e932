import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveAt } from '../../../src/policies/controls/control.js';
import { userPercentile } from '../../../src/policies/placement.js';
import { rolloutAt } from '../../../src/policies/controls/rollout.js';
import type { ControlEvent } from '../../../src/topics.js';

const BASE = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const controlOf = (rolloutId: fc.Arbitrary<string | undefined>): fc.Arbitrary<ControlEvent> =>
  fc.oneof(
    fc.record({
      control_id: fc.uuid(),
      type: fc.constant('promote' as const),
      effective_at_ms: fc.nat(20),
      policy: fc.constantFrom('egreedy-v2', 'linucb', 'random'),
      percent: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
      rollout_id: rolloutId,
      holdout: fc.constantFrom(undefined, 0, 5, 25),
    }),
    fc.record({ control_id: fc.uuid(), type: fc.constant('rollback' as const), effective_at_ms: fc.nat(20) }),
  );

describe('the shares', () => {
  it('of promotes without a rollout_id are what every user gets, whatever the order in which the controls came', () => {
    const controlsOf = fc.array(controlOf(fc.constant(undefined)), { maxLength: 12 });
    fc.assert(
      fc.property(controlsOf, fc.nat(22), fc.string(), (controls, at, user) => {
        const { shares } = rolloutAt(controls, at, 'egreedy-v1', BASE);
        expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBe(100);
        let reach = 0;
        const mine = shares.find(({ percent }) => userPercentile(user) < (reach += percent))!;
        expect(mine.policy).toBe(liveAt(controls, at, user, 'egreedy-v1'));
        expect(rolloutAt([...controls].reverse(), at, 'egreedy-v1', BASE)).toEqual({ shares, settings: BASE });
      }),
    );
  });

  it('of several rollouts are what many users get together: each draws its users by itself', () => {
    const users = Array.from({ length: 3000 }, (_, i) => `user-${i}`);
    const controlsOf = fc.array(controlOf(fc.constantFrom('r1', 'r2', 'r3', undefined)), { maxLength: 5 });
    fc.assert(
      fc.property(controlsOf, (controls) => {
        const { shares } = rolloutAt(controls, 20, 'egreedy-v1', BASE);
        expect(shares.reduce((sum, { percent }) => sum + percent, 0)).toBeCloseTo(100, 6);
        const counts = new Map<string, number>();
        for (const user of users) {
          const policy = liveAt(controls, 20, user, 'egreedy-v1');
          counts.set(policy, (counts.get(policy) ?? 0) + 1);
        }
        for (const policy of ['egreedy-v1', 'egreedy-v2', 'linucb', 'random']) {
          const told = shares.filter((share) => share.policy === policy).reduce((sum, { percent }) => sum + percent, 0);
          // 4.5 standard deviations of a share at its worst.
          expect(Math.abs((100 * (counts.get(policy) ?? 0)) / users.length - told)).toBeLessThan(4.2);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('name the rollout and its hold-out', () => {
    const promote = (controlId: string, atMs: number, over: Partial<ControlEvent>): ControlEvent => ({
      control_id: controlId,
      type: 'promote',
      effective_at_ms: atMs,
      ...over,
    });
    const controls = [
      promote('p1', 1, { policy: 'egreedy-v2', percent: 50, rollout_id: 'p1' }),
      promote('p2', 2, { policy: 'egreedy-v2', percent: 100, rollout_id: 'p1', holdout: 5 }),
      promote('p3', 3, { policy: 'linucb', percent: 20, rollout_id: 'p3' }),
    ];
    expect(rolloutAt(controls, 3, 'egreedy-v1', BASE).shares).toEqual([
      { policy: 'linucb', percent: 20, controlId: 'p3', effectiveAtMs: 3, rolloutId: 'p3', holdout: null },
      { policy: 'egreedy-v2', percent: 76, controlId: 'p2', effectiveAtMs: 2, rolloutId: 'p1', holdout: 5 },
      { policy: 'egreedy-v1', percent: 4, controlId: null, effectiveAtMs: null, rolloutId: null, holdout: null },
    ]);
  });
});
