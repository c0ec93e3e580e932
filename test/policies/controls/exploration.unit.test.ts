import { describe, expect, it } from 'vitest';
import { settingsAt, settingsDocument, type PolicySettings } from '../../../src/policies/controls/control.js';
import { epsilonAt } from '../../../src/policies/controls/exploration.js';
import type { ControlEvent } from '../../../src/topics.js';

const CONSTANT: PolicySettings = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const DECAYING: PolicySettings = { ...CONSTANT, epsilonMin: 0.02, epsilonDecay: 5 };
const promote = (id: string, atMs: number, rest: Partial<ControlEvent>): ControlEvent => ({
  control_id: id,
  type: 'promote',
  effective_at_ms: atMs,
  ...rest,
});
const epsilon = (settings: PolicySettings, updates: number, controls: ControlEvent[] = [], requestedAtMs = 1_000) =>
  epsilonAt(settings, { controls, requestedAtMs, defaultPolicy: 'egreedy-v1', updates });

describe('epsilon', () => {
  it('is constant unless it is told to decay', () => {
    for (const settings of [CONSTANT, { ...CONSTANT, epsilonMin: 0.3 }, { ...DECAYING, epsilonDecay: 0 }])
      expect([0, 1, 1e6].map((updates) => epsilon(settings, updates))).toEqual([0.1, 0.1, 0.1]);
  });

  it('falls as the decay over the updates, from all of it down to the least', () =>
    expect([0, 1, 49, 50, 51, 100, 249, 250, 251, 1e9].map((updates) => epsilon(DECAYING, updates))).toEqual([
      0.1,
      0.1,
      0.1,
      0.1,
      5 / 51,
      0.05,
      5 / 249,
      0.02,
      0.02,
      0.02,
    ]));

  it('does not fall below 0 without a least, and not below a least that is more than all of it', () => {
    expect(epsilon({ ...CONSTANT, epsilonDecay: 5 }, 5_000)).toBe(0.001);
    expect(epsilon({ ...DECAYING, epsilonMin: 0.4 }, 1_000)).toBe(0.4);
  });

  describe('is held at its full size', () => {
    const first = promote('p1', 10, { policy: 'egreedy-v3', percent: 10 });

    const learning = { ...DECAYING, shadow: 'egreedy-v3', shadowLearning: true };

    it('beside a shadow that learns, and not beside one that does not', () => {
      expect(epsilon(learning, 500)).toBe(0.1);
      expect(epsilon({ ...learning, shadowLearning: false }, 500)).toBe(0.02);
    });

    it('not beside the policy that a promote for all has replaced, whether or not it learns in the shadow', () => {
      const all = promote('p2', 10, { policy: 'egreedy-v3', holdout: 0 });
      expect(epsilon({ ...learning, shadow: 'egreedy-v1' }, 500, [all])).toBe(0.02);
      const next = promote('p3', 20, { policy: 'egreedy-v4' });
      expect(epsilon(learning, 500, [all, next])).toBe(0.02);
      // Taken back, it is a candidate again.
      const back: ControlEvent = { control_id: 'r3', type: 'rollback', effective_at_ms: 30, takes_back: 'p3' };
      expect(epsilon({ ...learning, shadow: 'egreedy-v4' }, 500, [all, next, back])).toBe(0.1);
    });

    it('while a part of the users has another policy, and not before or after', () => {
      expect(epsilon(DECAYING, 500, [first], 9)).toBe(0.02);
      expect(epsilon(DECAYING, 500, [first], 10)).toBe(0.1);
      expect(epsilon(DECAYING, 500, [first, promote('p2', 20, { policy: 'egreedy-v3' })], 20)).toBe(0.02);
      const rollback: ControlEvent = { control_id: 'r1', type: 'rollback', effective_at_ms: 20, takes_back: 'p1' };
      expect(epsilon(DECAYING, 500, [first, rollback], 20)).toBe(0.02);
    });

    it('not for a hold-out, which stays for ever, but for the next rollout beside it', () => {
      const all = promote('p1', 10, { policy: 'egreedy-v3', percent: 100, holdout: 5, rollout_id: 'p1' });
      expect(epsilon({ ...DECAYING, shadow: 'egreedy-v1' }, 500, [all])).toBe(0.02);
      const next = promote('p2', 20, { policy: 'egreedy-v4', percent: 10, rollout_id: 'p2' });
      expect(epsilon(DECAYING, 500, [all, next], 20)).toBe(0.1);
      // What an earlier rollout still has of the hold-out is nothing that is tried.
      const before = promote('p0', 5, { policy: 'egreedy-v2', percent: 10, rollout_id: 'p0' });
      expect(epsilon(DECAYING, 500, [before], 9)).toBe(0.1);
      expect(epsilon(DECAYING, 500, [before, all])).toBe(0.02);
    });

    it('not for a promote of nobody, nor of the policy that is live anyway', () => {
      expect(epsilon(DECAYING, 500, [promote('p1', 10, { policy: 'egreedy-v3', percent: 0 })])).toBe(0.02);
      expect(epsilon(DECAYING, 500, [promote('p1', 10, { policy: 'egreedy-v1', percent: 10 })])).toBe(0.02);
    });
  });
});

describe('the settings of the decay', () => {
  const configure = (id: string, settings: ControlEvent['settings']): ControlEvent => ({
    control_id: id,
    type: 'configure',
    effective_at_ms: 10,
    settings,
  });

  it('are merged like the others: what is not said stays', () => {
    const controls = [configure('c1', { epsilon_min: 0.02, epsilon_decay: 5 }), configure('c2', { epsilon: 0.2 })];
    expect(settingsAt(controls, 10, CONSTANT)).toEqual({ ...DECAYING, epsilon: 0.2 });
    expect(settingsAt([...controls, configure('c3', { epsilon_decay: 0 })], 10, CONSTANT)).toMatchObject({ epsilonDecay: 0 });
    expect(settingsAt(controls, 9, CONSTANT)).toEqual(CONSTANT);
  });

  it('are shown only where there is one', () => {
    const rest = { epsilon: 0.1, salt: '0', shadow: null, shadow_learning: false };
    for (const settings of [CONSTANT, { ...CONSTANT, epsilonMin: 0.02 }, { ...DECAYING, epsilonDecay: 0 }])
      expect(settingsDocument(settings)).toEqual({ ...rest, epsilon_min: null, epsilon_decay: null });
    expect(settingsDocument(DECAYING)).toEqual({ ...rest, epsilon_min: 0.02, epsilon_decay: 5 });
    expect(settingsDocument({ ...CONSTANT, epsilonDecay: 5 })).toMatchObject({ epsilon_min: 0, epsilon_decay: 5 });
  });
});
