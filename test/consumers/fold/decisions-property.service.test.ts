/**
 * Decisions and learning against an oracle that reads only the log: each answer is the one that the definitions give for what its own
 * `positions` say had been applied; what is learned in the end is a fold of the log; and losing every state file changes neither.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { runs, RUNS_WITHIN_MS, withEmbeddedService } from '../../support/embedded/directory.js';
import { BY_HAND, NOW_MS, policyRecords, START_MS, USERS } from '../../support/embedded/decision-events.js';
import {
  decisionsOf,
  dimensionOf,
  expectedDecision,
  inPartition,
  examplesSince,
  oracleSums,
  readHistory,
  upTo,
  type History,
} from '../../support/embedded/history.js';
import { live, life } from '../../support/embedded/scenario.js';
import { turns, type EmbeddedService } from '../../support/embedded/service.js';
import { recompute } from '../../support/recompute.js';

const scenario = fc.record({
  life,
  records: policyRecords,
  shadow: fc.constantFrom(null, 'egreedy-v2'),
  shadowLearning: fc.boolean(),
  restoring: fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 2 }),
});

/** Answers that started from a prior. */
const seen = { priors: 0 };

const holds = fc.asyncProperty(scenario, ({ life: plan, records, shadow, shadowLearning, restoring }) =>
  withEmbeddedService({ partitions: plan.partitions, settings: { shadow, shadowLearning } }, async (embedded) => {
    await live(embedded, records(plan.partitions), plan, [NOW_MS]);
    const history = await readHistory(embedded);
    checkAnswers(history);
    checkShadow(
      history,
      plan.thens.some((then) => then.do === 'forget'),
    );
    checkSums(embedded, history);
    const before = await previews(embedded, history);

    await embedded.stop();
    await embedded.deleteState();
    for (const afterTurns of restoring) {
      await embedded.start({ clock: () => NOW_MS, maxBatchRecords: 3 });
      await turns(afterTurns);
      await embedded.kill();
    }
    await embedded.start({ clock: () => NOW_MS });
    await embedded.catchUp();
    const after = await readHistory(embedded);
    expect(after.scored).toEqual(history.scored);
    expect(after.shadow).toEqual(history.shadow);
    checkSums(embedded, after);
    expect(await previews(embedded, after)).toEqual(before);
  }),
);

describe('decisions on the embedded log', () => {
  it(
    'are what the definitions give for what had been applied, are answered once, and teach the same after every loss',
    () => fc.assert(holds, { numRuns: runs(50) }),
    RUNS_WITHIN_MS,
  );

  it(
    'are so with priors too: these scenarios have some',
    async () => {
      seen.priors = 0;
      await fc.assert(holds, { numRuns: 20, seed: 2 });
      expect(seen.priors).toBeGreaterThan(0);
    },
    RUNS_WITHIN_MS,
  );
});

const own = (history: History) => history.scored.filter(({ event }) => event.feature_set !== BY_HAND);

function checkAnswers(history: History): void {
  const contents = new Map<string, ScoredEvent>();
  for (const { partition, event } of own(history)) {
    const known = upTo(history, partition, event.positions);
    expect(decisionsOf(known.scored, event.user_id).has(event.decision_id), 'answered although a decision had been read').toBe(false);
    const request = history.candidates.find((one) => one.partition === partition && one.offset === event.input!.offset)!.event;
    const { policy, learned, profile, prior, decision } = expectedDecision(known, request);
    expect(event.model.prior).toBe(prior);
    if (prior !== undefined) seen.priors++;
    expect(event).toMatchObject({
      policy,
      chosen_tip_id: decision.chosen,
      explored: decision.explored,
      profile: { as_of_ms: request.requested_at_ms, features: profile },
      decision_id: request.decision_id,
      user_id: request.user_id,
    });
    expect(event.model.updates).toBe(learned);
    expect(event.features.vectors).toEqual(Object.assign(Object.create(null), Object.fromEntries(decision.vectors)));
    for (const [i, expected] of decision.theta.entries()) expect(event.model.theta[i]).toBeCloseTo(expected, 9);
    for (const { tip_id, propensity } of event.ranking) expect(propensity).toBeCloseTo(decision.propensities.get(tip_id)!, 9);
    expect(recompute(event).differences).toEqual([]);
    const name = `${event.user_id} ${event.decision_id}`;
    expect(event, 'published twice with two contents').toEqual(contents.get(name) ?? event);
    contents.set(name, event);
  }
  for (const { event } of history.candidates) expect(decisionsOf(history.scored, event.user_id).has(event.decision_id)).toBe(true);
}

/**
 * Nobody turns it on or off in this scenario: it scores what this service answered, or nothing. What waited for it goes with the state
 * files. Where somebody else answered too, ours may have been decided and never sent: then its shadow may be there without it.
 */
function checkShadow(history: History, stateWasLost: boolean): void {
  const shadows = history.shadow.filter(({ event }) => event.feature_set !== BY_HAND);
  if (history.settings.shadow === null) return void expect(shadows).toEqual([]);
  const nameOf = ({ event }: History['scored'][number]) => `${event.user_id} ${event.decision_id}`;
  const names = (list: History['scored']) => [...new Set(list.map(nameOf))].sort();
  const byHand = (list: History['scored']) => list.filter(({ event }) => event.feature_set === BY_HAND);
  const answeredByOthers = new Set(names(byHand(history.scored)));
  // Where the log had an answer of the shadow already, it gives none.
  const elsewhere = new Set([...names(byHand(history.shadow)), ...answeredByOthers]);
  const ours = (list: string[]) => list.filter((name) => !elsewhere.has(name));
  if (stateWasLost) expect(ours(names(own(history)))).toEqual(expect.arrayContaining(ours(names(shadows))));
  else expect(ours(names(shadows))).toEqual(ours(names(own(history))));
  for (const shadow of shadows) {
    const { event } = shadow;
    const answer = own(history).find((one) => nameOf(one) === nameOf(shadow))?.event;
    expect(event).toMatchObject({ policy: 'egreedy-v2-shadow' });
    expect(recompute(event).differences).toEqual([]);
    if (answer === undefined) expect(answeredByOthers).toContain(nameOf(shadow));
    else
      expect(event).toMatchObject({
        shadow_of: answer.policy,
        profile: answer.profile,
        input: answer.input,
        positions: answer.positions,
      });
  }
}

/** Every stored sum is that of the log, bit for bit; and none is missing. */
function checkSums(embedded: EmbeddedService, history: History): void {
  for (let partition = 0; partition < embedded.options.partitions!; partition++) {
    const here = inPartition(history, partition);
    const rows = embedded.query<{ user_id: string; policy: string; reset_at_ms: number; state: Buffer }>(
      partition,
      'SELECT user_id, policy, reset_at_ms, state FROM policy_state JOIN user USING (uid)',
    );
    for (const { user_id, policy, reset_at_ms, state } of rows) {
      const dimension = dimensionOf(policy);
      const examples = examplesSince(here, user_id, policy, reset_at_ms);
      const { g, b } = oracleSums(examples, dimension);
      const found = decodeState(state, dimension);
      expect(found.updates).toBe(examples.length);
      expect([...found.g]).toEqual(g.flatMap((row, i) => row.slice(0, i + 1)));
      expect([...found.b]).toEqual(b);
    }
    for (const userId of USERS) {
      for (const policy of ['egreedy-v1', 'egreedy-v2', 'egreedy-v2-shadow']) {
        if (examplesSince(here, userId, policy, -1).length > 0)
          expect(rows.map((row) => `${row.user_id} ${row.policy}`)).toContain(`${userId} ${policy}`);
      }
    }
  }
}

/** What the service would answer now, at times before, between and after the controls. */
async function previews(embedded: EmbeddedService, history: History): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const userId of USERS) {
    const here = inPartition(history, embedded.partitionOf(userId));
    for (const days of [-1, 0, 2, 8, 30]) {
      const request = {
        user_id: userId,
        requested_at_ms: START_MS + days * 86_400_000,
        candidates: [{ tip_id: 't1', is_overdue: true, task_age_days: 2, priority: 3 }],
      };
      const { policy, model, profile, epsilon, salt } = await embedded.service.score(request);
      const expected = expectedDecision(here, { ...request, decision_id: 'preview' });
      expect({ policy, updates: model.updates, prior: model.prior, profile: profile.features }).toEqual({
        policy: expected.policy,
        prior: expected.prior,
        updates: expected.learned,
        profile: expected.profile,
      });
      for (const [i, entry] of expected.decision.theta.entries()) expect(model.theta[i]).toBeCloseTo(entry, 9);
      answers.push({ policy, model, profile, epsilon, salt });
    }
  }
  return answers;
}
