/** What became of each policy's newest decisions, gathered a piece at a time over several files, is what all of them at once give. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newestOutcomes } from '../../../src/service/policies/newest-outcomes.js';
import { REWARD_WINDOW_MS } from '../../../src/policies/reward.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { SCORE_REQUEST, scoreResponse } from '../../support/fake-application.js';
import { seededRandom } from '../../support/seeded-random.js';

const POLICIES = ['egreedy-v1', 'egreedy-v2', 'linucb'];
const FROM_MS = 30_000;
let directory: string;
const states: PartitionState[] = [];
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'tipstream-newest-outcomes-'))));
afterEach(async () => {
  for (const state of states.splice(0)) state.close();
  await rm(directory, { recursive: true, force: true });
});

interface Made {
  readonly policy: string;
  readonly decisionId: string;
  readonly requestedAtMs: number;
  readonly reward: 0 | 1 | null;
  readonly served: boolean;
  readonly readBack: boolean;
}

/** Decisions that come in another order than they were requested in, some at the same time. */
function decisionsOf(partition: number, count: number): Made[] {
  const random = seededRandom(partition + 1);
  return Array.from({ length: count }, (_, i) => ({
    policy: POLICIES[Math.floor(random() * 3)]!,
    decisionId: `d${partition}-${i}`,
    requestedAtMs: Math.floor(random() * 100) * 1_000,
    reward: random() < 0.3 ? null : random() < 0.5 ? 1 : 0,
    served: random() < 0.5,
    readBack: random() < 0.9,
  }));
}

function store(partition: number, made: readonly Made[]): string {
  const state = new PartitionState(
    join(directory, `partition-000${partition}.db`),
    { partition, partitions: 3, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
    coreRegistry,
  );
  states.push(state);
  state.transaction(0, () => {
    const { uid } = state.users.obtain(`user-${partition}`);
    for (const [offset, { policy, decisionId, requestedAtMs, reward, served, readBack }] of made.entries()) {
      const { recorded: _, ...event } = scoreResponse({ ...SCORE_REQUEST, decision_id: decisionId });
      state.decisions.insert(
        uid,
        { ...event, decision_id: decisionId, policy, profile: { ...event.profile, as_of_ms: requestedAtMs } },
        readBack ? offset : null,
      );
      if (served) state.links.add(uid, decisionId, 't1', requestedAtMs, null);
      if (reward !== null) state.decisions.setLearned(state.decisions.get(uid, decisionId)!.key, { tipId: 't1', reward });
    }
  });
  return state.path;
}

it.each([5, 60, 100_000])('the newest %i', async (limit) => {
  const made = [1_700, 0, 800].map((count, partition) => decisionsOf(partition, count));
  const paths = made.map((some, partition) => store(partition, some));
  const [first, second] = POLICIES;
  const found = await newestOutcomes(
    paths,
    [
      { policy: first!, fromMs: FROM_MS },
      { policy: second!, fromMs: 0 },
    ],
    limit,
    new AbortController().signal,
  );
  const expected = (policy: string, fromMs: number) =>
    made
      .flat()
      .filter((one) => one.policy === policy && one.requestedAtMs >= fromMs && (one.reward !== null || one.served) && one.readBack)
      .sort((a, b) => a.requestedAtMs - b.requestedAtMs || (a.decisionId < b.decisionId ? -1 : 1))
      // The tips are not there, as after a prune.
      .slice(-limit)
      .map(({ decisionId, requestedAtMs, reward }) => ({
        policy,
        decisionId,
        requestedAtMs,
        doneAfterMs: reward === 1 ? REWARD_WINDOW_MS : null,
      }));
  expect([...found]).toEqual([
    [first, expected(first!, FROM_MS)],
    [second, expected(second!, 0)],
  ]);
  expect(found.get(first!)!.length).toBe(Math.min(limit, expected(first!, FROM_MS).length));
  expect(found.get(first!)!.length).toBeGreaterThan(4);
});

it('others have their turn meanwhile, and it ends when it is told to', async () => {
  const path = store(0, decisionsOf(0, 3_000));
  const ending = new AbortController();
  let turns = 0;
  const count = () => void (turns++, (next = setImmediate(count)));
  let next = setImmediate(count);
  await newestOutcomes(
    Array.from({ length: 20 }, () => path),
    [{ policy: POLICIES[0]!, fromMs: 0 }],
    50_000,
    ending.signal,
  );
  clearImmediate(next);
  expect(turns).toBeGreaterThan(3);
  ending.abort(new Error('enough'));
  await expect(newestOutcomes([path], [{ policy: POLICIES[0]!, fromMs: 0 }], 50_000, ending.signal)).rejects.toThrow('enough');
});
