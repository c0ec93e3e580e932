/**
 * Migrations in the fold against an oracle that adds up lists: decisions by both policies, rewards that come late and change,
 * migrations with and without the new vectors, taken back, for all and for one user, and resets, in any order. Every decision was made
 * with the state that the definitions give, the stored sums are those of the log, and `verify` and a replay agree.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeState } from '../../../src/policies/ridge-codec.js';
import { userPolicyState } from '../../../src/store/queries/policy-stats.js';
import { policyNamed } from '../../../src/policies/registry.js';
import type { CandidatesEvent } from '../../../src/topics.js';
import { runs, RUNS_WITHIN_MS, withEmbeddedService } from '../../support/embedded/directory.js';
import {
  dimensionOf,
  expectedDecision,
  inPartition,
  examplesOf,
  examplesSince,
  oracleSums,
  readHistory,
} from '../../support/embedded/history.js';
import type { EmbeddedService } from '../../support/embedded/service.js';
import { named, verified } from '../../support/planted-state.js';

const HOUR_MS = 3_600_000;
const START_MS = 100 * 24 * HOUR_MS;
const NOW_MS = START_MS + 10 * 24 * HOUR_MS;
const USERS = ['ann', 'ben'];
const POLICIES = ['egreedy-v1', 'egreedy-v2'];
const TIMES = 8;
const at = (hour: number) => START_MS + hour * HOUR_MS;

const user = fc.constantFrom('ann', 'ann', 'ann', 'ann', 'ben');
const hour = fc.nat(TIMES);
const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('decide' as const),
      user,
      hour,
      policy: fc.constantFrom(...POLICIES),
      priority: fc.integer({ min: 1, max: 4 }),
      age: fc.nat(30),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('react' as const),
      which: fc.nat(),
      action: fc.constantFrom('done', 'dismiss', 'snooze'),
      after: fc.integer({ min: 0, max: 6 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('migrate' as const),
      hour,
      user: fc.option(user, { nil: undefined }),
      how: fc.constantFrom<object>(
        {},
        { from: 'egreedy-v1' },
        { train_from_replay: true },
        { from: 'egreedy-v1', train_from_replay: true },
        { undo: true },
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reset' as const), hour, user }) },
);

/** How many decisions of egreedy-v2 were made with examples of egreedy-v1: without any, nothing is shown. */
const seen = { inherited: 0, translated: 0 };
afterAll(() => expect(Math.min(...Object.values(seen)), JSON.stringify(seen)).toBeGreaterThan(0));

describe('migrations', () => {
  it(
    'give every decision the state of the definitions, whatever comes when',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: 'max' }), (steps) =>
          withEmbeddedService({ partitions: 2, clock: () => NOW_MS }, async (embedded) => {
            await embedded.start();
            const requests = new Map<string, readonly [CandidatesEvent, policy: string]>();
            for (const [i, one] of steps.entries()) {
              if (one.do === 'decide') {
                const request = {
                  user_id: one.user,
                  decision_id: `d${i}`,
                  requested_at_ms: at(one.hour),
                  candidates: [{ tip_id: `t${i}`, is_overdue: i % 2 === 0, task_age_days: one.age, priority: one.priority }],
                };
                await embedded.catchUp();
                const history = await readHistory(embedded);
                const { recorded, ...event } = await embedded.service.score(request, one.policy);
                const { learned, decision } = expectedDecision(inPartition(history, embedded.partitionOf(one.user)), request, one.policy);
                expect([recorded, event.model.updates]).toEqual([true, learned]);
                for (const [j, entry] of decision.theta.entries()) expect(event.model.theta[j]).toBeCloseTo(entry, 9);
                requests.set(request.decision_id, [request, one.policy]);
                continue;
              }
              if (one.do === 'react') {
                const [request] = [...requests.values()][one.which % Math.max(1, requests.size)] ?? [];
                if (request === undefined) continue;
                const { user_id, decision_id, requested_at_ms } = request;
                const { tip_id } = request.candidates[0]!;
                await embedded.produce('tip.served', { user_id, tip_id, decision_id, served_at_ms: requested_at_ms + 1 });
                await embedded.produce('tip.feedback', {
                  user_id,
                  tip_id,
                  action: one.action,
                  reacted_at_ms: requested_at_ms + one.after * HOUR_MS,
                });
                continue;
              }
              const control =
                one.do === 'reset'
                  ? { type: 'reset', user_id: one.user }
                  : { type: 'migrate', policy: 'egreedy-v2', ...one.how, ...(one.user === undefined ? {} : { user_id: one.user }) };
              const facts = { control_id: `c${i}`, effective_at_ms: at(one.hour), ...control };
              if (one.user !== undefined) await embedded.produce('policy.control', facts);
              else
                await embedded.append(
                  ...[0, 1].map((partition) => ({
                    topic: 'policy.control',
                    key: null,
                    value: Buffer.from(JSON.stringify(facts)),
                    partition,
                  })),
                );
            }
            await embedded.catchUp();
            await check(embedded);
            await embedded.stop();
            expect(named(await verified(embedded, { asOfMs: NOW_MS }))).toEqual([]);

            await embedded.deleteState();
            await embedded.start();
            await embedded.catchUp();
            await check(embedded);
          }),
        ),
        { numRuns: runs(25), interruptAfterTimeLimit: RUNS_WITHIN_MS - 30_000 },
      );
    },
    RUNS_WITHIN_MS,
  );
});

async function check(embedded: EmbeddedService): Promise<void> {
  const history = await readHistory(embedded);
  for (const userId of USERS) {
    const partition = embedded.partitionOf(userId);
    const here = inPartition(history, partition);
    const rows = embedded.query<{ policy: string; reset_at_ms: number; state: Buffer }>(
      partition,
      'SELECT policy, reset_at_ms, state FROM policy_state JOIN user USING (uid) WHERE user_id = ?',
      userId,
    );
    for (const { policy, reset_at_ms, state } of rows) {
      const examples = examplesSince(here, userId, policy, reset_at_ms);
      const { g, b } = oracleSums(examples, dimensionOf(policy));
      const found = decodeState(state, dimensionOf(policy));
      expect([found.updates, [...found.g], [...found.b]], `${policy} since ${reset_at_ms}`).toEqual([
        examples.length,
        g.flatMap((row, i) => row.slice(0, i + 1)),
        b,
      ]);
      if (policy.includes('>') && examples.length > 0) seen.translated++;
    }
    for (let hours = 0; hours <= TIMES; hours++) {
      for (const policy of POLICIES) {
        const request = {
          user_id: userId,
          requested_at_ms: at(hours),
          candidates: [{ tip_id: 't', is_overdue: true, task_age_days: 2, priority: 3 }],
        };
        const { model } = await embedded.service.score(request, policy);
        const expected = expectedDecision(here, { ...request, decision_id: 'preview' }, policy);
        expect(model.updates, `${policy} of ${userId} at ${hours}`).toBe(expected.learned);
        for (const [i, entry] of expected.decision.theta.entries()) expect(model.theta[i]).toBeCloseTo(entry, 9);
        const { state } = userPolicyState(embedded.statePath(partition), userId, policyNamed(policy), at(hours));
        expect(state.updates, `${policy} of ${userId} at ${hours}, as /stats has it`).toBe(expected.learned);
        if (policy === 'egreedy-v2' && examplesOf(here, userId, policy, at(hours)).length > examplesSince(here, userId, policy, -1).length)
          seen.inherited++;
      }
    }
  }
}
