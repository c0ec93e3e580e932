/** What /metrics says of policies and of the gateway, through the real service on the embedded log. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Gateway } from '../../../src/gateway/gateway.js';
import { promptSettings } from '../../../src/prompts/choice.js';
import type { ControlEvent } from '../../../src/topics.js';
import { EmbeddedService, type EmbeddedOptions } from '../../support/embedded/service.js';
import { samples } from '../../support/exposition.js';
import { StubGateway } from '../../support/stub-gateway.js';

const NOW_MS = 1_795_219_200_000;
let clockMs = NOW_MS;
let embedded: EmbeddedService | undefined;
let stub: StubGateway | undefined;
afterEach(async () => {
  await embedded?.close();
  await stub?.close();
  embedded = stub = undefined;
});

async function open(over: EmbeddedOptions = {}): Promise<EmbeddedService> {
  clockMs = NOW_MS;
  embedded = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-policy-metrics-')), {
    clock: () => clockMs,
    maxTaskIdleMs: 0,
    ...over,
  });
  await embedded.catchUp();
  return embedded;
}
const now = async () => samples(await embedded!.service.metrics());
const candidates = [
  { tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 },
  { tip_id: 'b', is_overdue: false, task_age_days: 1, priority: 1 },
];
const sum = (all: ReadonlyMap<string, number>, start: string) =>
  [...all].reduce((total, [name, value]) => (name.startsWith(start) ? total + value : total), 0);
async function control(event: ControlEvent): Promise<void> {
  await embedded!.append(
    ...[0, 1].map((partition) => ({ topic: 'policy.control', key: null, partition, value: Buffer.from(JSON.stringify(event)) })),
  );
  await embedded!.catchUp();
}

it('counts each decision once, of the log and of callers, explored or not; a preview is none', async () => {
  await open({ settings: { epsilon: 0.5, shadow: 'egreedy-v2' } });
  const users = Array.from({ length: 40 }, (_, i) => `user-${i}`);
  const ask = (decision_id: string, requested_at_ms: number) =>
    embedded!.produce(
      'tip.candidates',
      ...users.map((user_id) => ({ user_id, decision_id: `${decision_id} of ${user_id}`, requested_at_ms, candidates })),
    );
  // Of whom nothing is known all candidates score alike, and none is explored.
  await ask('first', NOW_MS - 9_000);
  await embedded!.catchUp();
  await embedded!.produce(
    'tip.served',
    ...users.map((user_id) => ({ user_id, tip_id: 'a', decision_id: `first of ${user_id}`, served_at_ms: NOW_MS - 8_000 })),
  );
  await embedded!.produce(
    'tip.feedback',
    ...users.map((user_id) => ({ user_id, tip_id: 'a', action: 'done', reacted_at_ms: NOW_MS - 7_000 })),
  );
  await embedded!.catchUp();
  await ask('second', NOW_MS - 6_000);
  await embedded!.catchUp();
  await embedded!.service.score({ user_id: 'ana', decision_id: 'd', candidates });
  await embedded!.service.score({ user_id: 'ana', decision_id: 'd', candidates });
  await embedded!.service.score({ user_id: 'ana', decision_id: 'e', candidates }, 'linucb');
  await embedded!.service.score({ user_id: 'ana', candidates });
  await embedded!.catchUp();
  const all = await now();
  const logged = await embedded!.scored();
  expect(logged).toHaveLength(82);
  for (const policy of ['egreedy-v1', 'linucb']) {
    for (const explored of [false, true]) {
      const decisions = logged.filter((event) => event.policy === policy && event.explored === explored).length;
      expect(all.get(`tipstream_decisions_total{policy="${policy}",explored="${explored}"}`)).toBe(decisions);
      if (policy === 'egreedy-v1') expect(decisions).toBeGreaterThan(0);
    }
  }
  expect(sum(all, 'tipstream_decisions_total')).toBe(82);
  expect(all.get('tipstream_scoring_duration_seconds_count{policy="egreedy-v1"}')).toBe(81);
  expect(all.get('tipstream_scoring_duration_seconds_count{policy="egreedy-v2-shadow"}')).toBe(82);
  expect(all.get('tipstream_score_answer_duration_seconds_count{recorded="true"}')).toBe(3);
  expect(all.get('tipstream_score_answer_duration_seconds_count{recorded="false"}')).toBe(1);
  expect(all.get('tipstream_events{name="shadow_compared"}')).toBe(82);

  // What is read back at the next start was counted by the process that decided it.
  await embedded!.stop();
  await embedded!.deleteState();
  await embedded!.catchUp();
  const after = await now();
  expect(sum(after, 'tipstream_decisions_total')).toBe(0);
  expect(after.get('tipstream_policy_decisions{policy="egreedy-v1"}')).toBe(81);
});

it('does not count what was rolled back', async () => {
  let readings = Infinity;
  await open({
    partitions: 1,
    publishProfiles: false,
    workerClock: () => {
      if (readings-- === 0) throw new Error('at its end');
      return clockMs;
    },
  });
  const score = (decision_id: string) => embedded!.service.score({ user_id: 'ana', decision_id, candidates });
  await score('d');
  await embedded!.catchUp();
  // One reading when the decision begins, one when it is committed.
  readings = 1;
  await expect(score('e')).rejects.toThrow('at its end');
  const all = await now();
  expect(sum(all, 'tipstream_decisions_total')).toBe(1);
  expect(all.get('tipstream_score_answer_duration_seconds_count{recorded="true"}')).toBe(1);
});

it('says what each policy has earned, for whom it is live, and who changed that', async () => {
  await open();
  await embedded!.service.score({ user_id: 'ana', decision_id: 'd', requested_at_ms: NOW_MS, candidates: candidates.slice(0, 1) });
  await embedded!.produce('tip.served', { user_id: 'ana', tip_id: 'a', decision_id: 'd', served_at_ms: NOW_MS + 1 });
  await embedded!.produce('tip.feedback', { user_id: 'ana', tip_id: 'a', action: 'done', reacted_at_ms: NOW_MS + 2 });
  await control({ control_id: 'p1', type: 'promote', policy: 'egreedy-v2', percent: 30, effective_at_ms: NOW_MS + 10 });
  await control({ control_id: 'p2', type: 'promote', policy: 'egreedy-v2', percent: 60, effective_at_ms: NOW_MS + 11 });
  await control({ control_id: 'guardrail-p2', type: 'rollback', effective_at_ms: NOW_MS + 12 });
  clockMs = NOW_MS + 1_000;
  const all = await now();
  expect(['decisions', 'rewarded', 'rewards'].map((name) => all.get(`tipstream_policy_${name}{policy="egreedy-v1"}`))).toEqual([1, 1, 1]);
  expect(
    ['egreedy-v1', 'egreedy-v2', 'linucb', 'random'].map((policy) => all.get(`tipstream_policy_live_percent{policy="${policy}"}`)),
  ).toEqual([70, 30, 0, 0]);
  expect([...all].filter(([name, value]) => name.startsWith('tipstream_policy_controls') && value > 0)).toEqual([
    ['tipstream_policy_controls{type="promote",by="people"}', 2],
    ['tipstream_policy_controls{type="rollback",by="guardrail"}', 1],
  ]);
  expect(all.get('tipstream_guardrail_watching')).toBe(0);
});

it('counts what /generate asked of the gateway', async () => {
  stub = await StubGateway.open();
  await open({
    generation: { prompts: promptSettings(), gateway: new Gateway({ url: stub.url, model: 'stub-1', timeoutMs: 60_000, retries: 1 }) },
  });
  await embedded!.service.generate({ user_id: 'ana', decision_id: 'd', candidates });
  stub.answer({ status: 500 });
  await expect(embedded!.service.generate({ user_id: 'ana', decision_id: 'd', candidates })).rejects.toMatchObject({
    code: 'gateway_unavailable',
  });
  await expect(embedded!.service.generate({ user_id: 'ana', decision_id: 'd', candidates, prompt_version: 'v9' })).rejects.toMatchObject({
    code: 'prompt_not_found',
  });
  const all = await now();
  expect(all.get('tipstream_gateway_calls_total{outcome="ok"}')).toBe(1);
  expect(all.get('tipstream_gateway_calls_total{outcome="gateway_unavailable"}')).toBe(1);
  expect(all.get('tipstream_gateway_retries_total')).toBe(1);
  expect(all.get('tipstream_gateway_call_duration_seconds_count')).toBe(2);
  expect(all.get('tipstream_gateway_tokens_total{kind="prompt"}')).toBe(90);
  expect(all.get('tipstream_score_answer_duration_seconds_count{recorded="true"}')).toBe(2);
});

it('has few series, whatever the log names', async () => {
  await open();
  const event = await embedded!.service.score({ user_id: 'ana', decision_id: 'd', candidates });
  const { recorded: _, ...scored } = event;
  await embedded!.produce(
    'tip.scored',
    ...Array.from({ length: 50 }, (__, i) => ({ ...scored, decision_id: `theirs-${i}`, policy: `theirs-${i}` })),
  );
  await embedded!.catchUp();
  // Asked again until the count is a new one.
  await expect.poll(async () => (await now()).get('tipstream_policy_decisions{policy="other"}'), { timeout: 60_000 }).toBe(50);
  const names = [...(await now()).keys()].filter((name) => name.startsWith('tipstream_'));
  expect(names.filter((name) => name.includes('theirs'))).toEqual([]);
  expect(names.length).toBeLessThan(560);
});
