import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policyOfEvent } from '../../src/policies/registry.js';
import { add, emptyState, posterior } from '../../src/policies/ridge.js';
import { posteriorUnder, scoreCandidates, type ScoreRequest } from '../../src/policies/score.js';
import { recordedVector, scoredEvent } from '../../src/policies/scored-event.js';
import { MAX_TIME_MS } from '../../src/topics.js';
import { scoredSchema } from '../../src/topic-schemas.js';
import { byCodePoint, oracleDecision, oracleDimension, type OracleCase } from '../oracle/policy.js';
import { recompute } from '../support/recompute.js';

const gridEntry = fc.integer({ min: -4096, max: 4096 }).map((steps) => steps / 4096);
const tipId = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
  fc.constantFrom('__proto__', 'constructor', 'toString', '10', '9', '\uffee', '😀', 't1', 't2'),
);
const candidates = fc.uniqueArray(
  fc.record({
    tip_id: tipId,
    is_overdue: fc.boolean(),
    task_age_days: fc.oneof(
      fc.integer({ min: 0, max: 3 }).map((n) => n * 10),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
    ),
    priority: fc.integer({ min: 1, max: 4 }),
    category: fc.constantFrom(undefined, null, '', 'health', 'work'),
  }),
  { selector: (candidate) => candidate.tip_id, minLength: 1, maxLength: 8 },
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 3 });
const rate = fc.tuple(fc.nat(50), fc.integer({ min: 50, max: 90 })).map(([part, whole]) => part / whole);
const profile = fc.record({
  completion_rate_30d: orNull(rate),
  dismiss_rate_30d: orNull(rate),
  mean_dwell_ms_30d: orNull(fc.double({ min: 0, max: 2e6, noNaN: true })),
  preferred_hour: orNull(fc.integer({ min: 0, max: 23 })),
  preferred_category: orNull(fc.constantFrom('health', '')),
  tip_volume_30d: fc.nat(150),
});
const cases: fc.Arbitrary<OracleCase> = fc
  .constantFrom('egreedy-v1', 'egreedy-v2', 'egreedy-v3', 'egreedy-v4', 'egreedy-v1-shadow', 'egreedy-v2-shadow', 'egreedy-v4-shadow')
  .chain((policy) => {
    const dimension = oracleDimension(policy);
    return fc.record({
      policy: fc.constant(policy),
      decisionId: fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }),
      requestedAtMs: fc.oneof(fc.integer({ min: 0, max: 2e12 }), fc.constantFrom(0, MAX_TIME_MS)),
      utcOffsetMin: fc.integer({ min: -840, max: 840 }),
      candidates,
      profile,
      learned: fc.array(
        fc.record({ x: fc.array(gridEntry, { minLength: dimension, maxLength: dimension }), reward: fc.integer({ min: 0, max: 1 }) }),
        { maxLength: 12 },
      ),
      epsilon: fc.constantFrom(0, 0.1, 0.5, 1),
      salt: fc.constantFrom('0', '', 'a|b', 'é'),
      prior: fc.option(
        fc.record({
          theta: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: dimension, maxLength: dimension }),
          lambda: fc.constantFrom(0.5, 3, 10, 30),
        }),
        { nil: undefined },
      ),
    });
  });

function request(one: OracleCase): ScoreRequest {
  const policy = policyOfEvent(one.policy)!;
  const state = emptyState(policy.dimension);
  for (const { x, reward } of one.learned) add(state, x, reward, 1);
  return {
    policy,
    eventPolicy: one.policy,
    state,
    decisionId: one.decisionId,
    salt: one.salt,
    epsilon: one.epsilon,
    requestedAtMs: one.requestedAtMs,
    utcOffsetMin: one.utcOffsetMin,
    candidates: one.candidates,
    profile: one.profile,
    prior: one.prior === undefined ? null : { controlId: 'prior-1', ...one.prior },
  };
}

/** Scores apart by nearly the tie tolerance may be a tie for one way of solving and none for another. */
function hasNearTies(scores: readonly number[]): boolean {
  const best = Math.max(...scores);
  return scores.some((score) => Math.abs(best - score - 1e-9) < 1e-10);
}

describe('scoring', () => {
  it('is what the naive calculation gives', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const expected = oracleDecision(one);
        fc.pre(!hasNearTies([...expected.scores.values()]));
        const scored = scoreCandidates(request(one));
        for (const [id, x] of expected.vectors) expect(scored.vectors[id]).toEqual(x);
        expect(Object.keys(scored.vectors)).toHaveLength(expected.vectors.size);
        for (const entry of scored.ranking) {
          expect(Math.abs(entry.score - expected.scores.get(entry.tip_id)!)).toBeLessThan(1e-9);
          expect(Math.abs(entry.propensity - expected.propensities.get(entry.tip_id)!)).toBeLessThan(1e-9);
        }
        expect(scored.prior).toBe(one.prior === undefined ? undefined : 'prior-1');
        if (one.learned.length === 0) expect(scored.theta).toEqual(one.prior?.theta ?? expected.theta);
        expect(scored.u).toBe(expected.u);
        expect(scored.chosenTipId).toBe(expected.chosen);
        expect(scored.explored).toBe(expected.explored);
        expect(scored.ranking.reduce((sum, entry) => sum + entry.propensity, 0)).toBeCloseTo(1, 12);
      }),
      { numRuns: 400 },
    );
  });

  it('ranks by score, equal scores by code point of the tip_id', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const { ranking } = scoreCandidates(request(one));
        for (const [i, entry] of ranking.slice(1).entries()) {
          const before = ranking[i]!;
          expect(before.score > entry.score || (before.score === entry.score && byCodePoint(before.tip_id, entry.tip_id) < 0)).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('does not depend on the order of the candidates, nor on who solved for theta', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const asked = request(one);
        const scored = scoreCandidates(asked);
        const again = scoreCandidates({
          ...asked,
          candidates: [...one.candidates].reverse(),
          posterior: posteriorUnder(asked.policy, asked.state, asked.prior),
        });
        expect(again).toEqual(scored);
      }),
      { numRuns: 100 },
    );
  });

  it('leaves an event that survives JSON and its schema, and from which alone all of it can be computed again', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const scored = scoreCandidates(request(one));
        const event = scoredEvent(scored, {
          decisionId: one.decisionId,
          userId: 'u',
          scoredAtMs: 5,
          profile: { as_of_ms: one.requestedAtMs, features: one.profile },
          featureSet: 'f',
          input: null,
          positions: { 'tip.served': 3 },
        });
        // What fast-check's graphemes may hold and ids may not.
        fc.pre([one.decisionId, ...one.candidates.map((candidate) => candidate.tip_id)].every((id) => !/\p{Cc}/u.test(id)));
        const read = scoredSchema.parse(JSON.parse(JSON.stringify(event)));
        for (const candidate of one.candidates) expect(recordedVector(read, candidate.tip_id)).toEqual(scored.vectors[candidate.tip_id]);
        expect(read.profile.as_of_ms).toBe(one.requestedAtMs);
        const recomputed = recompute(read);
        expect(recomputed.differences).toEqual([]);
        expect(recomputed.u).toBe(scored.u);
        expect(recomputed.chosenTipId).toBe(scored.chosenTipId);
        expect(recomputed.ranking).toEqual(scored.ranking.map(({ tip_id, score, propensity }) => ({ tip_id, score, propensity })));
        const categories = new Map(one.candidates.map(({ tip_id, category }) => [tip_id, category ?? undefined]));
        for (const { tip_id, category } of read.ranking) expect(category).toBe(categories.get(tip_id));
      }),
      { numRuns: 200 },
    );
  });

  it('draws over many decisions as often as the propensities say', () => {
    const base = request({
      policy: 'egreedy-v1',
      decisionId: '',
      requestedAtMs: 1_770_000_000_000,
      utcOffsetMin: 0,
      epsilon: 0.4,
      salt: '0',
      profile: {},
      candidates: [1, 2, 3, 4].map((priority) => ({
        tip_id: `t${priority}`,
        is_overdue: priority > 2,
        task_age_days: 0,
        priority: priority > 2 ? 3 : priority,
      })),
      learned: [{ x: [1, 1, 0, 0.5, 0, 0, 0], reward: 1 }],
    });
    const draws = 20_000;
    const chosen = new Map<string, number>();
    const cached = posterior(base.state, 1);
    let ranking: { tip_id: string; propensity: number }[] = [];
    let explored = 0;
    for (let i = 0; i < draws; i++) {
      const scored = scoreCandidates({ ...base, posterior: cached, decisionId: `decision-${i}` });
      chosen.set(scored.chosenTipId, (chosen.get(scored.chosenTipId) ?? 0) + 1);
      if (scored.explored) explored++;
      ranking = scored.ranking;
    }
    expect(ranking.map((entry) => entry.propensity)).toEqual([0.4, 0.4, 0.1, 0.1]);
    for (const { tip_id, propensity } of ranking) {
      const deviation = Math.sqrt((propensity * (1 - propensity)) / draws);
      expect(Math.abs(chosen.get(tip_id)! / draws - propensity)).toBeLessThan(4 * deviation);
    }
    // Half of epsilon falls on the two that are not highest; what falls on the highest is not exploring.
    expect(Math.abs(explored / draws - 0.2)).toBeLessThan(0.012);
  });
});
