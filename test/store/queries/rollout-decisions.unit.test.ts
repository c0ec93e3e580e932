/** What a rollout's arms are compared by, as a state file has it: every decision within a time, with its reactions and their rewards. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NO_TIP, type TipState } from '../../../src/projections/tip.js';
import { coreRegistry } from '../../../src/projections/registry.js';
import { PartitionState } from '../../../src/store/partition-state.js';
import { rolloutDecisions, type RolloutDecision } from '../../../src/store/queries/rollout-decisions.js';
import type { ControlEvent } from '../../../src/topics.js';
import { SCORE_REQUEST, scoreResponse } from '../../support/fake-application.js';

let directory: string;
let state: PartitionState;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tipstream-rollout-decisions-'));
  const identity = { partition: 0, partitions: 1, log: 'sqlite' as const, topicPrefix: 'my.', featureSet: coreRegistry.featureSet };
  state = new PartitionState(join(directory, 'partition-0000.db'), identity, coreRegistry);
});
afterEach(async () => {
  state.close();
  await rm(directory, { recursive: true, force: true });
});

interface Made {
  readonly user: string;
  readonly requestedAtMs: number;
  readonly policy?: string;
  readonly reward?: number;
  /** null: a prune has taken the tip. */
  readonly doneAtMs?: number | null;
  readonly times?: Partial<TipState>;
  readonly isReadBack?: boolean;
  /** The position on policy.control. */
  readonly knew?: number;
}

function decide(
  id: string,
  { user, requestedAtMs, policy = 'egreedy-v1', reward, doneAtMs, times, isReadBack = true, knew = 0 }: Made,
): void {
  state.transaction(0, () => {
    const entry = state.users.obtain(user);
    const { recorded: _, ...event } = scoreResponse({ ...SCORE_REQUEST, decision_id: id });
    const profile = { ...event.profile, as_of_ms: requestedAtMs };
    const positions = { 'my.policy.control': knew, 'policy.control': 99 };
    state.decisions.insert(entry.uid, { ...event, decision_id: id, policy, profile, positions }, isReadBack ? 1 : null);
    if (reward === undefined) return;
    state.decisions.setLearned(state.decisions.get(entry.uid, id)!.key, { tipId: id, reward });
    if (doneAtMs != null || times !== undefined) {
      const tip = { ...NO_TIP, servedAtMs: requestedAtMs, doneAtMs: doneAtMs ?? null, ...times };
      state.tips.change(entry, state.tips.obtain(entry, id), tip, true);
      state.users.markDirty(entry);
    }
  });
}

const found = (fromMs: number, toMs: number): RolloutDecision[] =>
  [...rolloutDecisions(state.path, { fromMs, toMs })].flatMap(({ decisions }) => decisions);

it('takes every decision of the time that was read back, whoever made it, served or not', () => {
  decide('early', { user: 'ana', requestedAtMs: 99 });
  decide('first', { user: 'ana', requestedAtMs: 100, reward: 1, doneAtMs: 150 });
  decide('dismissed', { user: 'bo', requestedAtMs: 110, reward: 0, policy: 'linucb' });
  decide('ignored', { user: 'ana', requestedAtMs: 120 });
  decide('pruned', { user: 'bo', requestedAtMs: 130, reward: 1, doneAtMs: null });
  decide('not read back', { user: 'bo', requestedAtMs: 140, isReadBack: false });
  decide('late', { user: 'bo', requestedAtMs: 200 });
  expect(found(100, 200).map(({ userId, requestedAtMs, policy, reactions }) => [userId, requestedAtMs, policy, reactions])).toEqual([
    ['ana', 100, 'egreedy-v1', [{ afterMs: 50, reward: 1 }]],
    ['bo', 110, 'linucb', []],
    ['ana', 120, 'egreedy-v1', []],
    ['bo', 130, 'egreedy-v1', [{ afterMs: 0, reward: 1 }]],
  ]);
});

it('takes them a piece at a time, each once', () => {
  state.transaction(0, () => {
    const { uid } = state.users.obtain('ana');
    const { recorded: _, ...event } = scoreResponse(SCORE_REQUEST);
    for (let i = 0; i < 1_234; i++)
      state.decisions.insert(uid, { ...event, decision_id: `d${i}`, profile: { ...event.profile, as_of_ms: i } }, i);
  });
  const pieces = [...rolloutDecisions(state.path, { fromMs: 10, toMs: 1_200 })].map(({ decisions }) => decisions);
  expect(pieces.length).toBeGreaterThan(2);
  expect(pieces.flat().map(({ requestedAtMs }) => requestedAtMs)).toEqual(Array.from({ length: 1_190 }, (_, i) => i + 10));
});

it('says which controls had been applied when it was decided', () => {
  const promote = (id: string): ControlEvent => ({ control_id: id, type: 'promote', effective_at_ms: 5, policy: 'egreedy-v2' });
  state.transaction(0, () => {
    state.controls.add(promote('p1'), null, 3);
    state.controls.add(promote('p2'), null, 4);
    state.controls.add({ control_id: 'own', type: 'reset', effective_at_ms: 5, user_id: 'ana' }, state.users.obtain('ana').uid, 2);
  });
  for (const knew of [0, 4, 9]) decide(`knew ${knew}`, { user: 'ana', requestedAtMs: 100 + knew, knew });
  const known: string[][] = [];
  for (const { decisions, controlsKnownTo } of rolloutDecisions(state.path, { fromMs: 0, toMs: 1_000 }))
    for (const { key } of decisions) known.push(controlsKnownTo(key).map(({ control_id: id }) => id));
  expect(known).toEqual([[], ['p1'], ['p1', 'p2']]);
});

it('has what each reaction is worth by the rules of its request, in the order in which they count', () => {
  const configure = (id: string, atMs: number, rewards: object, offset: number): void => {
    const control: ControlEvent = { control_id: id, type: 'configure', effective_at_ms: atMs, settings: { rewards } };
    state.transaction(0, () => state.controls.add(control, null, offset));
  };
  configure('c1', 110, { done: 0.75, dismiss: -0.5, snooze: 0.25, window_ms: 40 }, 1);
  configure('c2', 120, { done: 0, dismiss: 0, snooze: 0.25 }, 2);
  decide('by default', { user: 'ana', requestedAtMs: 100, reward: 1, doneAtMs: 150, times: { dismissAtMs: 101 } });
  decide('dismissed, then done', { user: 'ana', requestedAtMs: 110, reward: 0.75, doneAtMs: 140, times: { dismissAtMs: 115 } });
  decide('done too late', { user: 'ana', requestedAtMs: 111, reward: -0.5, doneAtMs: 151, times: { dismissAtMs: 120 } });
  decide('before it was served', { user: 'ana', requestedAtMs: 112, reward: 0.25, doneAtMs: 100, times: { snoozeAtMs: 113 } });
  decide('worth nothing', { user: 'ana', requestedAtMs: 120, reward: 0, doneAtMs: 130 });
  decide('hidden by what is worth nothing', { user: 'ana', requestedAtMs: 121, reward: 0, doneAtMs: 130, times: { snoozeAtMs: 122 } });
  decide('pruned', { user: 'ana', requestedAtMs: 122, reward: -0.5 });
  expect(found(100, 200).map(({ reactions }) => reactions.map(({ afterMs, reward }) => [afterMs, reward]))).toEqual([
    [[50, 1]],
    [
      [30, 0.75],
      [5, -0.5],
    ],
    [[9, -0.5]],
    [[1, 0.25]],
    [],
    [
      [9, 0],
      [1, 0.25],
    ],
    [[0, -0.5]],
  ]);
});
