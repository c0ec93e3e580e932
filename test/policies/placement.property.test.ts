/** Whom a promote covers: the worked places are SHA-256 as Python's hashlib gives it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { liveAt } from '../../src/policies/controls/control.js';
import { covers, reachOf, rolloutPlace, userPercentile, type Coverage } from '../../src/policies/placement.js';
import type { ControlEvent } from '../../src/topics.js';

const USERS = Array.from({ length: 4000 }, (_, i) => `user-${i}`);
const promote = (controlId: string, atMs: number, over: Partial<ControlEvent> = {}): ControlEvent => ({
  control_id: controlId,
  type: 'promote',
  effective_at_ms: atMs,
  policy: 'egreedy-v2',
  ...over,
});
const covered = (of: Coverage): Set<string> => new Set(USERS.filter((user) => covers(of, user)));

describe('a place in a rollout', () => {
  it.each([
    // first 16 hexadecimal digits of SHA-256 of ID|USER: 3c530ebcdcd6a678, 2ced09947dfca951, 1740484ddc39078b, 4aeb5c821f8f8991
    ['p1', 'ana', 2122477670734548],
    ['p1', 'mei', 1580690547130261],
    ['p2', 'ana', 818075469055776],
    ['promote-1', 'ünï|x', 2635991353651697],
  ])('of %s|%s is %d / 2^53', (rolloutId, user, numerator) => {
    expect(rolloutPlace(rolloutId, user)).toBe(numerator / 2 ** 53);
    const at = (rolloutPlace(rolloutId, user) + 2 ** -53) * 100;
    expect(covers({ rollout_id: rolloutId, percent: rolloutPlace(rolloutId, user) * 100 }, user)).toBe(false);
    expect(covers({ rollout_id: rolloutId, percent: at + 1e-9 }, user)).toBe(true);
  });

  it('is spread evenly, and says nothing about the place in another rollout', () => {
    for (const percent of [5, 10, 50, 95])
      expect(Math.abs(covered({ rollout_id: 'r1', percent }).size / USERS.length - percent / 100)).toBeLessThan(0.03);
    const [one, other] = [covered({ rollout_id: 'r1', percent: 30 }), covered({ rollout_id: 'r2', percent: 30 })];
    const both = [...one].filter((user) => other.has(user)).length;
    expect(Math.abs(both / USERS.length - 0.09)).toBeLessThan(0.02);
  });
});

describe('a promote without a rollout_id', () => {
  it('places users as it always did', () => {
    for (const user of USERS.slice(0, 100)) {
      expect(userPercentile(user)).toBeGreaterThanOrEqual(0);
      expect(userPercentile(user)).toBeLessThan(100);
    }
    expect(userPercentile('u1')).toBeCloseTo(73.24525744188577, 9);
    for (const percent of [10, 73.2, 73.3, 100]) expect(covers({ percent }, 'u1'), String(percent)).toBe(percent > 73.24525744188577);
  });
});

describe('a hold-out', () => {
  it('is what a promote for all leaves out, and nothing of one for a part', () => {
    expect([reachOf({}), reachOf({ percent: 100, holdout: 5 }), reachOf({ holdout: 5 }), reachOf({ percent: 30, holdout: 5 })]).toEqual([
      100, 95, 95, 30,
    ]);
    for (const user of USERS) expect(covers({ rollout_id: 'r1', holdout: 5 }, user)).toBe(rolloutPlace('r1', user) < 1 - 5 / 100);
  });

  it('stays with the policy that was live before, promote by promote', () => {
    const controls = [
      promote('p1', 1, { policy: 'linucb', rollout_id: 'p1', percent: 100, holdout: 0 }),
      promote('p2', 2, { rollout_id: 'p2', percent: 100, holdout: 20 }),
    ];
    for (const user of USERS.slice(0, 300))
      expect(liveAt(controls, 2, user, 'egreedy-v1')).toBe(rolloutPlace('p2', user) < 0.8 ? 'egreedy-v2' : 'linucb');
  });
});

it('raising the percentage keeps every user, with and without a hold-out at the end', () => {
  const step = fc.record({ percent: fc.integer({ min: 1, max: 100 }), holdout: fc.constantFrom(0, 5, 30) });
  const rollout = fc.option(fc.string({ minLength: 1, maxLength: 10 }), { nil: undefined });
  fc.assert(
    fc.property(rollout, fc.array(step, { minLength: 2, maxLength: 5 }), fc.array(fc.string()), (rolloutId, steps, users) => {
      const controls: ControlEvent[] = [];
      const live = new Set<string>();
      for (const [i, { percent, holdout }] of steps.sort((a, b) => reachOf(a) - reachOf(b)).entries()) {
        controls.push(promote(`p${i}`, i, { percent, holdout, ...(rolloutId === undefined ? {} : { rollout_id: rolloutId }) }));
        const now = users.filter((user) => liveAt(controls, i, user, 'egreedy-v1') === 'egreedy-v2');
        for (const user of live) expect(now).toContain(user);
        for (const user of now) live.add(user);
      }
    }),
  );
});
