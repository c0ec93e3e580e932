/** GET /v1/policies through the real service: who is live comes at once, what was decided as it was counted last. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { policiesSchema } from '../../../src/http/schemas.js';
import { Guardrail } from '../../../src/service/policies/guardrail.js';
import { EmbeddedService } from '../../support/embedded/service.js';

const NOW_MS = 1_795_219_200_000;
let embedded: EmbeddedService | undefined;
afterEach(async () => embedded?.close());

it('says who is live for whom, and what each has decided and earned', async () => {
  let clockMs = NOW_MS;
  embedded = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-policies-')), { clock: () => clockMs, maxTaskIdleMs: 0 });
  const users = ['ana', 'bo', 'chidi', 'dana'];
  await embedded.produce(
    'tip.candidates',
    ...users.map((user_id) => ({
      user_id,
      decision_id: 'd',
      requested_at_ms: NOW_MS - 9_000,
      candidates: [{ tip_id: 't', is_overdue: false, task_age_days: 1, priority: 2 }],
    })),
  );
  await embedded.catchUp();
  await embedded.produce(
    'tip.served',
    ...users.map((user_id) => ({ user_id, tip_id: 't', decision_id: 'd', served_at_ms: NOW_MS - 8_000 })),
  );
  await embedded.produce(
    'tip.feedback',
    ...users.slice(1).map((user_id, i) => ({ user_id, tip_id: 't', action: i === 0 ? 'done' : 'dismiss', reacted_at_ms: NOW_MS - 7_000 })),
  );
  await embedded.catchUp();
  const entry = async (policy: string) => (await embedded!.service.policies()).policies.find((one) => one.policy === policy);

  const document = await embedded.service.policies();
  expect(policiesSchema.parse(document)).toEqual(document);
  expect(document.counted_at_ms).toBe(NOW_MS);
  expect(document.guardrail).toEqual([]);
  expect(await entry('egreedy-v1')).toMatchObject({ live_percent: 100, decisions: 4, rewarded: 3, mean_reward: { mean: 1 / 3 } });
  expect(await entry('linucb')).toMatchObject({ live_percent: 0, decisions: 0, rewarded: 0, mean_reward: null });

  await embedded.append(
    ...[0, 1].map((partition) => ({
      topic: 'policy.control',
      key: null,
      partition,
      value: Buffer.from(
        JSON.stringify({ control_id: 'p1', type: 'promote', effective_at_ms: clockMs + 1, policy: 'linucb', percent: 25 }),
      ),
    })),
  );
  await embedded.catchUp();
  clockMs += 1;
  expect(await entry('linucb')).toMatchObject({ live_percent: 25 });
  expect(await entry('egreedy-v1')).toMatchObject({ live_percent: 75 });

  // What the guardrail compares is what it has last looked at.
  const [treated, control] = [
    { users: 3, decisions: 40, reward: 0.4 },
    { users: 9, decisions: 120, reward: 0.5 },
  ];
  const look = { index: 0, atMs: NOW_MS, ageMs: 600_000, treated, control, difference: -0.1, interval: { low: -1, high: 1 }, spent: 0.001 };
  const state = vi
    .spyOn(Guardrail.prototype, 'states', 'get')
    .mockReturnValue([
      { rolloutId: 'p1', policy: 'linucb', percent: 25, alpha: 0.05, look, nextLookMs: NOW_MS + 1, why: 'the smaller arm is small' },
    ]);
  const watched = await embedded.service.policies();
  state.mockRestore();
  expect(watched.guardrail).toEqual([
    {
      rollout_id: 'p1',
      policy: 'linucb',
      percent: 25,
      alpha: 0.05,
      look: { index: 0, at_ms: NOW_MS, age_ms: 600_000, treated, control, difference: -0.1, interval: { low: -1, high: 1 }, spent: 0.001 },
      next_look_at_ms: NOW_MS + 1,
      why_not: 'the smaller arm is small',
    },
  ]);
  expect(policiesSchema.parse(watched)).toEqual(watched);
});
