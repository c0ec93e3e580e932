import { describe, expect, it } from 'vitest';
import { linucb } from '../../src/policies/linucb.js';
import { random } from '../../src/policies/random.js';
import { add, emptyState, posterior } from '../../src/policies/ridge.js';
import { scoreCandidates, type ScoreRequest } from '../../src/policies/score.js';
import { scoredEvent } from '../../src/policies/scored-event.js';
import type { Candidate } from '../../src/topics.js';
import { recompute } from '../support/recompute.js';

const candidates: Candidate[] = [
  { tip_id: 'a', is_overdue: false, task_age_days: 1, priority: 1 },
  { tip_id: 'b', is_overdue: true, task_age_days: 20, priority: 4 },
  { tip_id: 'c', is_overdue: false, task_age_days: 9, priority: 2 },
];
const profile = { completion_rate_30d: 0.5, dismiss_rate_30d: 0.25, mean_dwell_ms_30d: 60_000, preferred_hour: 9, tip_volume_30d: 12 };
const asked = (more: Partial<ScoreRequest>): ScoreRequest => ({
  policy: linucb,
  eventPolicy: 'linucb',
  state: emptyState(12),
  decisionId: 'd1',
  salt: '0',
  epsilon: 0.1,
  requestedAtMs: 1_795_219_200_000,
  utcOffsetMin: 60,
  candidates,
  profile,
  ...more,
});
const eventOf = (scored: ReturnType<typeof scoreCandidates>) =>
  scoredEvent(scored, {
    decisionId: 'd1',
    userId: 'u1',
    scoredAtMs: 1,
    profile: { as_of_ms: 1_795_219_200_000, features: profile },
    featureSet: 'x',
    input: null,
    positions: {},
  });

describe('linucb', () => {
  it('scores with the upper bound and takes the highest, whatever epsilon is configured', () => {
    const state = emptyState(12);
    const vectorOf = linucb.vectorizer(asked({}), profile);
    for (let i = 0; i < 50; i++) add(state, vectorOf(candidates[1]!), i % 4 === 0 ? 1 : 0, 1);
    const scored = scoreCandidates(asked({ state }));
    const { theta, variance } = posterior(state, 1);
    for (const { tip_id, score } of scored.ranking) {
      const x = vectorOf(candidates.find((candidate) => candidate.tip_id === tip_id)!);
      expect(score).toBeCloseTo(x.reduce((sum, entry, i) => sum + entry * theta[i]!, 0) + Math.sqrt(variance(x)), 12);
    }
    expect(scored.epsilon).toBe(0);
    expect(scored.ranking[0]).toMatchObject({ tip_id: scored.chosenTipId, propensity: 1 });
    expect(scored.chosenTipId).not.toBe('b'); // what has been tried fifty times is known
  });

  it('records what it takes to compute it again', () => {
    const state = emptyState(12);
    add(state, linucb.vectorizer(asked({}), profile)(candidates[0]!), 1, 1);
    const event = eventOf(scoreCandidates(asked({ state })));
    expect(recompute(event).differences).toEqual([]);
    expect(recompute({ ...event, model: { ...event.model, g: event.model.g!.map((entry) => entry * 2) } }).differences).not.toEqual([]);
  });
});

describe('random', () => {
  it('gives every candidate the same probability, whatever it has learned', () => {
    const state = emptyState(1);
    for (let i = 0; i < 10; i++) add(state, [1], 1, 1);
    const scored = scoreCandidates(asked({ policy: random, eventPolicy: 'random', state }));
    expect(scored.ranking.map(({ propensity }) => propensity)).toEqual([1 / 3, 1 / 3, 1 / 3]);
    expect(scored).toMatchObject({ epsilon: 1, explored: false });
    expect(recompute(eventOf(scored)).differences).toEqual([]);
    const chosen = new Set(
      Array.from(
        { length: 60 },
        (_, i) => scoreCandidates(asked({ policy: random, eventPolicy: 'random', state, decisionId: `d${i}` })).chosenTipId,
      ),
    );
    expect(chosen).toEqual(new Set(['a', 'b', 'c']));
  });
});
