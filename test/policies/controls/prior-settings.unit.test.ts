import { describe, expect, it } from 'vitest';
import { controlRefusal, keptControls } from '../../../src/policies/controls/control-refusal.js';
import { priorAt, priorDocuments, type PriorSetting } from '../../../src/policies/controls/prior-settings.js';
import { newestChangeAt, promotionTerms } from '../../../src/policies/controls/promotion-terms.js';
import { policyNamed } from '../../../src/policies/registry.js';
import { vectorFingerprint } from '../../../src/policies/vector-fingerprint.js';
import type { ControlEvent } from '../../../src/topics.js';
import { controlSchema } from '../../../src/topic-schemas.js';

const DEFAULT_SETTINGS = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };
const v1 = policyNamed('egreedy-v1');
const v3 = policyNamed('egreedy-v3');
const THETA = v3.featureNames.map((_, i) => i / 8);
const WORTH = { done: 1, dismiss: 0, snooze: 0, window_ms: 604_800_000 };
const setting = (rest: Partial<PriorSetting> = {}): PriorSetting => ({
  policy: v3.name,
  theta: THETA,
  lambda: 12,
  vectors: vectorFingerprint(v3),
  positions: { 'tip.scored': { 0: 17 } },
  rewards: WORTH,
  ...rest,
});
const configure = (id: string, atMs: number, settings: ControlEvent['settings']): ControlEvent => ({
  control_id: id,
  type: 'configure',
  effective_at_ms: atMs,
  settings,
});
const prior = (id: string, atMs: number, rest?: Partial<PriorSetting>) => configure(id, atMs, { prior: setting(rest) });

describe('the prior that holds', () => {
  it('is the newest of the policy by effective time, whatever the order of arrival', () => {
    const controls = [prior('p2', 20, { lambda: 7 }), prior('p1', 10), prior('other', 15, { policy: 'egreedy-v1', theta: [] })];
    expect(priorAt(controls, 9, v3)).toBeNull();
    expect(priorAt(controls, 10, v3)).toEqual({ controlId: 'p1', theta: THETA, lambda: 12 });
    expect(priorAt(controls, 20, v3)).toEqual({ controlId: 'p2', theta: THETA, lambda: 7 });
    expect(priorAt([...controls].reverse(), 20, v3)).toEqual(priorAt(controls, 20, v3));
    expect(priorAt(controls, 20, policyNamed('egreedy-v4'))).toBeNull();
  });

  it('is taken away by a configure without theta, and one without lambda leaves the lambda of the policy', () => {
    expect(priorAt([prior('p1', 10), configure('off', 20, { prior: { policy: v3.name } })], 20, v3)).toBeNull();
    expect(priorAt([prior('p1', 10, { lambda: null })], 10, v3)).toMatchObject({ lambda: 10 });
  });

  it('is stale while reactions are worth something else than when it was fitted, and holds again once they are not', () => {
    const controls = [
      prior('p1', 10),
      configure('c1', 20, { rewards: { snooze: 0.5 } }),
      configure('c2', 30, { rewards: { snooze: 0 } }),
      configure('c3', 40, { rewards: { window_ms: 1_000 } }),
    ];
    expect([10, 20, 30, 40].map((atMs) => priorAt(controls, atMs, v3)?.controlId ?? null)).toEqual(['p1', null, 'p1', null]);
    expect(priorDocuments(controls, 20)).toEqual([
      { policy: v3.name, control_id: 'p1', effective_at_ms: 10, lambda: 12, theta: THETA, stale: true },
    ]);
    expect(priorDocuments(controls, 30)[0]!.stale).toBe(false);
    expect(priorDocuments(controls, 9)).toEqual([]);
  });

  it('is for what reactions are worth when it takes effect, where it does not say', () => {
    const controls = [configure('c1', 5, { rewards: { snooze: 0.5 } }), prior('p1', 10, { rewards: null })];
    expect(priorAt(controls, 10, v3)?.controlId).toBe('p1');
    expect(priorAt([...controls, configure('c2', 20, { rewards: { snooze: 0 } })], 20, v3)).toBeNull();
  });
});

describe('what cannot hold is refused for its sender, and does not hold where a state file has kept it', () => {
  it.each([
    ['unknown_policy', { policy: 'egreedy-v9' }, 'policy: "egreedy-v9" is none of random, '],
    ['invalid_event', { theta: [1, 2] }, 'settings.prior: theta has 2 entries, and the vectors of egreedy-v3 have 18'],
    [
      'invalid_event',
      { vectors: '0123456789abcdef' },
      `settings.prior: it was fitted for the vectors 0123456789abcdef, and those of egreedy-v3 here are ${vectorFingerprint(v3)}`,
    ],
    [
      'invalid_event',
      { vectors: null },
      'settings.prior: it does not say for which vectors it was fitted, and those of egreedy-v3 here are',
    ],
    ['invalid_event', { policy: 'linucb' }, 'settings.prior: linucb takes no prior: only policies that choose by theta alone do'],
    ['invalid_event', { policy: 'random', theta: [1] }, 'settings.prior: random takes no prior'],
  ])('%s %j', (code, rest, message) => {
    const event = prior('p1', 10, rest);
    expect(controlSchema.safeParse(event).success).toBe(true);
    const refusal = controlRefusal(event)!;
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(message);
    expect(keptControls([JSON.stringify(event)])).toEqual([]);
  });

  it('what is as it should be is not', () => {
    for (const event of [prior('p1', 10), configure('off', 10, { prior: { policy: v3.name } })]) {
      expect(controlRefusal(event)).toBeUndefined();
      expect(keptControls([JSON.stringify(event)])).toEqual([event]);
    }
  });

  it.each([{ theta: THETA.map(() => 1e6) }, { theta: ['1'] }, { lambda: 0 }, { positions: { 'tip.scored': 3 } }])(
    'the schema refuses %j',
    (rest) =>
      expect(controlSchema.safeParse(configure('p1', 10, { prior: { ...setting(), ...rest } as PriorSetting })).success).toBe(false),
  );
});

describe('a promotion', () => {
  const terms = (controls: ControlEvent[], policy = v3) => promotionTerms(controls, 50, policy, v1.name, DEFAULT_SETTINGS);

  it('is of the policy with its prior and its lambda', () => {
    expect(terms([])).toMatchObject({ prior: null, lambda: 10 });
    expect(terms([prior('p1', 10)])).toMatchObject({ prior: 'p1', lambda: 12, changedAtMs: 10 });
    expect(terms([prior('p1', 10), configure('c1', 20, { rewards: { done: 0.5 } })])).toMatchObject({ prior: null, lambda: 10 });
    expect(terms([prior('p1', 10)], v1)).toMatchObject({ prior: null, lambda: 1 });
  });

  it('is judged on decisions since its newest prior, and of those that are live', () => {
    const since = (judged?: string, live = v1.name) =>
      newestChangeAt([prior('p1', 10), prior('p2', 30)], 50, live, DEFAULT_SETTINGS, judged);
    expect([since(v3.name), since(v1.name, v3.name), since('egreedy-v4'), since()]).toEqual([30, 30, 0, 0]);
  });
});
