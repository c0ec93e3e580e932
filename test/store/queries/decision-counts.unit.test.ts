/** Counts that are added up a piece at a time are those of the whole file. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { countByPolicy } from '../../../src/service/policies/policy-counts.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { decisionCounts } from '../../../src/store/queries/decision-counts.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { policyCounts } from '../../../src/store/queries/policy-stats.js';
import { SCORE_REQUEST, scoreResponse } from '../../support/fake-application.js';

const POLICIES = ['egreedy-v1', 'egreedy-v2', 'linucb'];
let directory: string;
const states: PartitionState[] = [];
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), 'tipstream-decision-counts-'))));
afterEach(async () => {
  for (const state of states.splice(0)) state.close();
  await rm(directory, { recursive: true, force: true });
});

function open(partition: number): PartitionState {
  const state = new PartitionState(
    join(directory, `partition-000${partition}.db`),
    { partition, partitions: 2, log: 'sqlite', topicPrefix: '', featureSet: coreRegistry.featureSet },
    coreRegistry,
  );
  states.push(state);
  return state;
}
/** One in seven is answered and not yet read back, six in ten of the others have a reward. */
function decide(state: PartitionState, from: number, to: number): void {
  state.transaction(0, () => {
    const { uid } = state.users.obtain('ana');
    for (let i = from; i < to; i++) {
      const { recorded: _, ...event } = scoreResponse({ ...SCORE_REQUEST, decision_id: `d${i}` });
      state.decisions.insert(uid, { ...event, decision_id: `d${i}`, policy: POLICIES[i % 3]! }, i % 7 === 0 ? null : i);
      if (i % 7 !== 0 && i % 10 < 6)
        state.decisions.setLearned(state.decisions.get(uid, `d${i}`)!.key, { tipId: 't1', reward: i % 10 < 2 ? 1 : 0 });
    }
  });
}

it('whatever their number, over all files', async () => {
  for (const [partition, decisions] of [1_234, 500].entries()) decide(open(partition), 0, decisions);
  open(2);
  const paths = states.map(({ path }) => path);
  const counts = await countByPolicy(paths, new AbortController().signal);
  expect([...counts.keys()].sort()).toEqual(POLICIES);
  for (const policy of POLICIES) {
    const files = paths.map((path) => policyCounts(path, policy));
    const sum = (of: 'decisions' | 'rewarded' | 'rewards') => files.reduce((total, one) => total + one[of], 0);
    expect(counts.get(policy)).toEqual({ policy, decisions: sum('decisions'), rewarded: sum('rewarded'), rewards: sum('rewards') });
    expect(sum('rewards')).toBeGreaterThan(0);
  }
});

it('of one moment, whatever is written meanwhile', () => {
  const state = open(0);
  decide(state, 0, 1_000);
  let decisions = 0;
  for (const some of decisionCounts(state.path)) {
    if (decisions === 0) decide(state, 1_000, 1_600);
    for (const one of some) decisions += one.decisions;
  }
  expect(decisions).toBe(857);
});
