import { describe, expect, it } from 'vitest';
import { egreedyV1 } from '../../src/policies/egreedy-v1.js';
import { egreedyV2 } from '../../src/policies/egreedy-v2.js';
import { add, emptyState } from '../../src/policies/ridge.js';
import { scoreCandidates } from '../../src/policies/score.js';
import { candidateIds, recordedVector, scoredEvent } from '../../src/policies/scored-event.js';
import type { ScoredEvent } from '../../src/topics.js';
import { scoredSchema } from '../../src/topic-schemas.js';
import { recompute } from '../support/recompute.js';

const ODD_TIPS = ['__proto__', 'constructor', 'hasOwnProperty', '2', '10'];

function event(shadow = false): ScoredEvent {
  const policy = shadow ? egreedyV2 : egreedyV1;
  const state = emptyState(policy.dimension);
  add(
    state,
    policy.featureNames.map((_, i) => (i % 3) / 4),
    1,
    1,
  );
  const scored = scoreCandidates({
    policy,
    eventPolicy: shadow ? 'egreedy-v2-shadow' : policy.name,
    state,
    decisionId: 'd1',
    salt: '0',
    epsilon: 0.1,
    requestedAtMs: 1_772_000_000_000,
    utcOffsetMin: 60,
    profile: { tip_volume_30d: 3 },
    candidates: ODD_TIPS.map((tip_id, i) => ({ tip_id, is_overdue: i % 2 === 0, task_age_days: 3 * i, priority: 1 + (i % 4) })),
  });
  return scoredEvent(scored, {
    decisionId: 'd1',
    userId: 'u1',
    scoredAtMs: 1_772_000_000_500,
    profile: { as_of_ms: 1_772_000_000_000, features: { tip_volume_30d: 3 } },
    featureSet: 'abc',
    input: { topic: 'tip.candidates', partition: 2, offset: 7 },
    positions: { 'tip.served': 4, 'tip.candidates': 8 },
    ...(shadow ? { shadowOf: 'egreedy-v1' } : {}),
  });
}

const read = (value: ScoredEvent) => scoredSchema.parse(JSON.parse(JSON.stringify(value)));

describe('tip.scored', () => {
  it('has its fields in one order', () => {
    expect(Object.keys(event())).toEqual([
      'decision_id',
      'user_id',
      'policy',
      'scored_at_ms',
      'epsilon',
      'explored',
      'chosen_tip_id',
      'ranking',
      'features',
      'model',
      'salt',
      'profile',
      'feature_set',
      'input',
      'positions',
    ]);
    expect(Object.keys(event(true)).at(-1)).toBe('shadow_of');
  });

  it('passes its own schema and comes out of it as it went in', () => {
    expect(JSON.parse(JSON.stringify(read(event())))).toEqual(JSON.parse(JSON.stringify(event())));
    expect(JSON.stringify(read(event()).features.vectors)).toBe(JSON.stringify(event().features.vectors));
    expect(read(event(true)).shadow_of).toBe('egreedy-v1');
  });

  it('keeps the vector of a tip with any name', () => {
    const recorded = read(event());
    expect(candidateIds(recorded).sort()).toEqual([...ODD_TIPS].sort());
    for (const tipId of ODD_TIPS) expect(recordedVector(recorded, tipId)).toHaveLength(7);
    expect(recordedVector(recorded, '__proto__')![2]).toBe(0);
    expect(recordedVector(recorded, 'constructor')![2]).toBe(Math.round(4096 * 0.1) / 4096);
  });

  it('has no vector for what is no candidate, were it the name of something every object has', () => {
    const plain = { features: { names: [], vectors: JSON.parse('{"a":[1]}') as Record<string, number[]> } };
    expect(recordedVector(plain, 'a')).toEqual([1]);
    for (const tipId of ['b', '__proto__', 'constructor', 'toString']) expect(recordedVector(plain, tipId)).toBeUndefined();
  });

  it.each(['{"a":[1,null]}', '{"a":[1e999]}', '{"a":"x"}', '{"a":{}}', '[[1]]', 'null', '3'])('vectors %s are refused', (vectors) => {
    const broken = { ...event(), features: { names: [], vectors: JSON.parse(vectors) as unknown } };
    expect(scoredSchema.safeParse(broken).success).toBe(false);
  });

  it('without vectors is refused', () => {
    expect(scoredSchema.safeParse({ ...event(), features: { names: [] } }).success).toBe(false);
  });
});

describe('recompute', () => {
  it('finds an honest event as it is', () => {
    for (const shadow of [false, true]) expect(recompute(read(event(shadow))).differences).toEqual([]);
  });

  const worst = (one: ScoredEvent) => one.ranking.at(-1)!;
  it.each<[string, (one: ScoredEvent) => ScoredEvent, string]>([
    ['another choice', (one) => ({ ...one, chosen_tip_id: worst(one).tip_id }), 'chosen_tip_id'],
    ['another explored', (one) => ({ ...one, explored: !one.explored }), 'explored'],
    [
      'a score',
      (one) => ({ ...one, ranking: [...one.ranking.slice(0, -1), { ...worst(one), score: worst(one).score - 1e-6 }] }),
      'ranking[4].score',
    ],
    [
      'a propensity',
      (one) => ({ ...one, ranking: [...one.ranking.slice(0, -1), { ...worst(one), propensity: 0.5 }] }),
      'ranking[4].propensity',
    ],
    ['the order', (one) => ({ ...one, ranking: [...one.ranking].reverse() }), 'ranking[0].tip_id'],
    ['a missing rank', (one) => ({ ...one, ranking: one.ranking.slice(1) }), 'ranking.length'],
    ['a rank twice', (one) => ({ ...one, ranking: [...one.ranking.slice(0, -1), one.ranking[0]!] }), 'ranking[4].tip_id'],
    [
      'a stranger in the ranking',
      (one) => ({ ...one, ranking: [...one.ranking.slice(0, -1), { ...worst(one), tip_id: 'x' }] }),
      'ranking[4].tip_id',
    ],
    ['a shorter theta', (one) => ({ ...one, model: { ...one.model, theta: one.model.theta.slice(1) } }), 'model.theta.length'],
    [
      'a shorter vector',
      (one) => ({ ...one, features: { ...one.features, vectors: { ...one.features.vectors, 2: [1] } } }),
      'features.vectors["2"].length',
    ],
  ])('reports %s', (_, change, field) => {
    expect(recompute(change(read(event()))).differences.map((difference) => difference.field)).toContain(field);
  });

  it('of an event without vectors differs in everything', () => {
    const empty = recompute({ ...event(), features: { names: [], vectors: {} } });
    expect(empty.chosenTipId).toBeNull();
    expect(empty.differences.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['chosen_tip_id', 'ranking.length', 'ranking[0].tip_id']),
    );
  });

  it('reports a changed salt or epsilon by what follows from it', () => {
    expect(recompute({ ...read(event()), epsilon: 0.5 }).differences.map(({ field }) => field)).toContain('ranking[0].propensity');
    const choices = new Set(Array.from({ length: 400 }, (_, salt) => recompute({ ...read(event()), salt: String(salt) }).chosenTipId));
    expect(choices.size).toBeGreaterThan(1);
  });
});
