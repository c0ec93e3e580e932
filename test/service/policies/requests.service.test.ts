/** Scores by a named policy, rewards, resets and statistics, through the real service on the embedded log. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { registryOf } from '../../../src/projections/registry.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { EmbeddedService } from '../../support/embedded/service.js';
import { recompute } from '../../support/recompute.js';

const NOW_MS = 1_795_219_200_000;
let clockMs = NOW_MS;
let service: EmbeddedService | undefined;
afterEach(async () => service?.close());

async function open(): Promise<EmbeddedService> {
  clockMs = NOW_MS;
  service = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-policies-')), { clock: () => clockMs, maxTaskIdleMs: 0 });
  await service.start();
  await service.catchUp();
  return service;
}
const request = (decisionId?: string) => ({
  user_id: 'ana',
  ...(decisionId === undefined ? {} : { decision_id: decisionId }),
  candidates: [
    { tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 },
    { tip_id: 'b', is_overdue: false, task_age_days: 1, priority: 1 },
  ],
});

it.each(['egreedy-v1', 'egreedy-v2', 'linucb'])(
  '%s scores on request, records with a decision_id and learns from its own decisions',
  async (policy) => {
    const { service: running } = await open();
    const preview = await running.score(request(), policy);
    expect(preview).toMatchObject({ policy, recorded: false, decision_id: null });
    expect(await service!.scored()).toEqual([]);

    const decided = await running.score(request('d1'), policy);
    expect(decided).toMatchObject({ policy, recorded: true, decision_id: 'd1' });
    expect(await service!.scored()).toMatchObject([{ decision_id: 'd1', policy }]);
    expect(recompute((await service!.scored())[0]!).differences).toEqual([]);
    await service!.produce('tip.served', { tip_id: decided.chosen_tip_id, user_id: 'ana', decision_id: 'd1', served_at_ms: NOW_MS + 10 });
    clockMs += 60_000;
    expect(await running.reward({ user_id: 'ana', tip_id: decided.chosen_tip_id, reward: 1 })).toMatchObject({
      action: 'done',
      reacted_at_ms: clockMs,
      appended: { topic: 'tip.feedback' },
    });
    await service!.catchUp();

    expect(await running.policyStats(policy, 'ana')).toMatchObject({ policy, user: { user_id: 'ana', updates: 1, reset_at_ms: null } });
    expect(await running.policyStats(policy)).toMatchObject({ all: { users: 1, decisions: 1, rewarded: 1, rewards: 1, mean_reward: 1 } });
    const after = await running.score(request(), policy);
    expect(after.model.updates).toBe(1);
    expect(after.model.theta).not.toEqual(preview.model.theta);
    expect((await running.policyStats(policy, 'ana')).user!.theta).toEqual(after.model.theta);

    clockMs += 1_000;
    await running.resetUser('ana');
    await service!.catchUp();
    clockMs += 1_000;
    expect((await running.score(request(), policy)).model.updates).toBe(0);
    expect(await running.policyStats(policy, 'ana')).toMatchObject({ user: { updates: 0, reset_at_ms: expect.any(Number) as number } });
  },
);

it('uses profile features that are given as they are, and records them', async () => {
  const { service: running } = await open();
  const given = { completion_rate_30d: 0.75, dismiss_rate_30d: 0.25, mean_dwell_ms_30d: 600_000, preferred_hour: 3, tip_volume_30d: 100 };
  const { features, profile } = await running.score({ ...request('d1'), profile_features: given }, 'egreedy-v2');
  expect(profile.features).toEqual(given);
  expect(features.vectors.a!.slice(7, 10)).toEqual([0.75, 0.25, 1]);
  const own = await running.score(request(), 'egreedy-v2');
  expect(own.features.vectors.a!.slice(7)).toEqual([0, 0, 0, 0, 0]);
});

it('refuses given features that this installation does not have, and says of which set they are', async () => {
  const { service: running } = await open();
  await expect(running.score({ ...request('d1'), profile_features: { tip_volume_30d: 1, sessions_30d: 3 } })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'profile_features.sessions_30d: is not a feature of this installation: it is of the set activity',
    hint: expect.stringContaining('--features core,activity') as string,
    details: { issues: [{ path: ['profile_features', 'sessions_30d'] }] },
  });
  expect(await service!.scored()).toEqual([]);
  await service!.close();
  const registry = registryOf({ sets: ['core', 'activity'] });
  service = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-policies-')), { clock: () => clockMs, registry });
  await service.start();
  await service.catchUp();
  const { profile } = await service.service.score({ ...request('d1'), profile_features: { sessions_30d: 3 } });
  expect(profile.features).toEqual({ sessions_30d: 3 });
});

it('gives the decision that was made, whoever asks again', async () => {
  const { service: running } = await open();
  const first = await running.score(request('d1'), 'egreedy-v2');
  const again = await running.score(request('d1'));
  expect(again).toEqual(first);
  expect((await service!.scored()).map(({ policy }: ScoredEvent) => policy)).toEqual(['egreedy-v2']);
});

it('refuses a policy that there is not, and goes on', async () => {
  const { service: running } = await open();
  await expect(running.score(request('d1'), 'egreedy-v9')).rejects.toMatchObject({ code: 'policy_not_found' });
  await expect(running.policyStats('egreedy-v9')).rejects.toMatchObject({ code: 'policy_not_found' });
  expect(await running.score(request('d1'))).toMatchObject({ recorded: true });
});
