import { describe, expect, it } from 'vitest';
import type { PolicySettings } from '../../../src/policies/controls/control.js';
import { baselineOf, newestChangeAt, promotionTerms } from '../../../src/policies/controls/promotion-terms.js';
import { policyNamed } from '../../../src/policies/registry.js';
import type { ControlEvent } from '../../../src/topics.js';

const BASE: PolicySettings = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const control = (effective_at_ms: number, what: Partial<ControlEvent>): ControlEvent =>
  ({ control_id: `c${effective_at_ms}`, effective_at_ms, ...what }) as ControlEvent;
const promote = (at: number, policy: string, percent = 100) => control(at, { type: 'promote', policy, percent });
const configure = (at: number, settings: ControlEvent['settings']) => control(at, { type: 'configure', settings });
const changedAt = (...controls: ControlEvent[]): number => newestChangeAt(controls, 100, 'egreedy-v1', BASE);

describe('the newest change', () => {
  it.each<[string, ControlEvent[], number]>([
    ['there is none', [], 0],
    ['a promote', [promote(10, 'egreedy-v2', 10)], 10],
    ['a promote that says what holds already is none', [promote(10, 'egreedy-v2'), { ...promote(20, 'egreedy-v2'), control_id: 'r' }], 10],
    ['a rollback', [promote(10, 'egreedy-v2'), control(20, { type: 'rollback' })], 20],
    ['a rollback that takes back nothing is none', [control(20, { type: 'rollback' })], 0],
    ['another epsilon', [configure(10, { epsilon: 0.2 })], 10],
    ['another salt', [configure(10, { salt: 'x' })], 10],
    ['another worth of a reaction', [configure(10, { rewards: { snooze: 0.5 } })], 10],
    ['the same worth is none', [configure(10, { rewards: { done: 1 } })], 0],
    ['the same epsilon and salt are none', [configure(10, { epsilon: 0.1, salt: '0' })], 0],
    ['a shadow is none', [configure(10, { shadow: 'egreedy-v2', shadow_learning: true })], 0],
    ['a migration', [promote(5, 'egreedy-v2'), control(10, { type: 'migrate', policy: 'egreedy-v2', from: 'egreedy-v1' })], 10],
    ['one to come is none', [configure(10, { epsilon: 0.2 }), configure(101, { epsilon: 0.3 })], 10],
    ["one user's reset is none", [control(10, { type: 'reset', user_id: 'ana' })], 0],
  ])('%s', (_, controls, expected) => {
    expect(changedAt(...controls)).toBe(expected);
    expect(changedAt(...controls.toReversed())).toBe(expected);
  });
});

describe('the baseline', () => {
  const shares = (...of: [policy: string, percent: number][]) =>
    of.map(([policy, percent]) => ({ policy, percent, controlId: null, effectiveAtMs: null, rolloutId: null, holdout: null }));

  it('is the other policy with the most users, and the policy itself where there is none', () => {
    expect(baselineOf(shares(['egreedy-v2', 90], ['linucb', 4], ['egreedy-v1', 6]), 'egreedy-v2')).toBe('egreedy-v1');
    expect(baselineOf(shares(['egreedy-v2', 30], ['linucb', 40], ['egreedy-v2', 30]), 'egreedy-v1')).toBe('egreedy-v2');
    expect(baselineOf(shares(['egreedy-v2', 100]), 'egreedy-v2')).toBe('egreedy-v2');
  });
});

describe('the terms', () => {
  const termsOf = (policy: string, ...controls: ControlEvent[]) =>
    promotionTerms(controls, 100, policyNamed(policy), 'egreedy-v1', { ...BASE, epsilon: 0.3 });

  it('are trained where the vector begins with that of the baseline', () => {
    expect(termsOf('egreedy-v2')).toEqual({
      baseline: 'egreedy-v1',
      trained: true,
      sums: ['egreedy-v1>egreedy-v2', 'egreedy-v2'],
      exploration: { epsilon: 0.3, epsilon_min: null, epsilon_decay: null },
      salt: '0',
      rewards: { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 },
      lambda: 1,
      prior: null,
      changedAtMs: 0,
    });
    expect(termsOf('egreedy-v1', promote(10, 'egreedy-v2'))).toMatchObject({
      baseline: 'egreedy-v2',
      trained: false,
      sums: ['egreedy-v1'],
      changedAtMs: 10,
    });
    expect(termsOf('egreedy-v1')).toMatchObject({ baseline: 'egreedy-v1', trained: false });
  });

  it('follow the settings in effect', () => {
    expect(termsOf('egreedy-v2', configure(10, { epsilon: 0.9, salt: 'x' }), configure(101, { epsilon: 0 }))).toMatchObject({
      exploration: { epsilon: 0.9 },
      salt: 'x',
    });
  });
});
