import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { policyOfEvent } from '../../src/policies/registry.js';
import { add, emptyState, posterior } from '../../src/policies/ridge.js';
import { scoreCandidates } from '../../src/policies/score.js';
import type { CandidatesEvent } from '../../src/topics.js';
import { byCodePoint, oracleDecision } from '../oracle/policy.js';

interface WorkedExample {
  policy: string;
  candidates_event: CandidatesEvent;
  profile: Record<string, number | null>;
  learned: { x: number[]; reward: 0 | 1 }[];
  theta: number[];
  vectors: Record<string, number[]>;
  scores: Record<string, number>;
  propensities: Record<string, number>;
  u: number;
  chosen_tip_id: string;
  explored: boolean;
}

const EXAMPLES = JSON.parse(readFileSync(new URL('../fixtures/policy-expected.json', import.meta.url), 'utf8')) as WorkedExample[];
/** The examples' numbers are given to 1e-9. */
const DIGITS = 9;

function expectClose(actual: readonly number[], expected: readonly number[]) {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, DIGITS));
}

describe('the worked examples', () => {
  it('are 120', () => expect(EXAMPLES).toHaveLength(120));

  it.each(EXAMPLES.map((example, index) => ({ index, name: `${example.policy} ${example.candidates_event.decision_id}`, example })))(
    '$index $name',
    ({ example }) => {
      const policy = policyOfEvent(example.policy)!;
      const event = example.candidates_event;
      const state = emptyState(policy.dimension);
      for (const { x, reward } of example.learned) add(state, x, reward, 1);
      expectClose([...posterior(state, 1).theta], example.theta);

      const scored = scoreCandidates({
        policy,
        eventPolicy: example.policy,
        state,
        decisionId: event.decision_id,
        salt: '0',
        epsilon: 0.1,
        requestedAtMs: event.requested_at_ms,
        utcOffsetMin: event.utc_offset_min ?? 0,
        candidates: event.candidates,
        profile: example.profile,
      });
      expect(scored.updates).toBe(example.learned.length);
      expect({ ...scored.vectors }).toEqual(example.vectors);
      const tipIds = Object.keys(example.scores).sort(byCodePoint);
      const byTip = new Map(scored.ranking.map((entry) => [entry.tip_id, entry]));
      expect([...byTip.keys()].sort(byCodePoint)).toEqual(tipIds);
      expectClose(
        tipIds.map((tipId) => byTip.get(tipId)!.score),
        tipIds.map((tipId) => example.scores[tipId]!),
      );
      expectClose(
        tipIds.map((tipId) => byTip.get(tipId)!.propensity),
        tipIds.map((tipId) => example.propensities[tipId]!),
      );
      expect(scored.u).toBe(example.u);
      expect(scored.chosenTipId).toBe(example.chosen_tip_id);
      expect(scored.explored).toBe(example.explored);
    },
  );

  it('the oracle agrees with them too', () => {
    for (const example of EXAMPLES) {
      const event = example.candidates_event;
      const decision = oracleDecision({
        policy: example.policy,
        decisionId: event.decision_id,
        requestedAtMs: event.requested_at_ms,
        utcOffsetMin: event.utc_offset_min ?? 0,
        candidates: event.candidates,
        profile: example.profile,
        learned: example.learned,
        epsilon: 0.1,
        salt: '0',
      });
      expectClose(decision.theta, example.theta);
      expect(Object.fromEntries(decision.vectors)).toEqual(example.vectors);
      expect([decision.u, decision.chosen, decision.explored]).toEqual([example.u, example.chosen_tip_id, example.explored]);
    }
  });
});
