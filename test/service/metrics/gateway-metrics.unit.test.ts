/** What /metrics says of calls of the gateway, against a stub that speaks its protocol. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { GatewayMetrics } from '../../../src/service/metrics/gateway-metrics.js';
import { Gateway, type GatewayOptions } from '../../../src/gateway/gateway.js';
import { samples } from '../../support/exposition.js';
import { completion, StubGateway, type StubAnswer } from '../../support/stub-gateway.js';

const MESSAGES = [{ role: 'user' as const, content: 'SECRET PROMPT' }];
let stub: StubGateway;
let registry: Registry;
let metrics: GatewayMetrics;
beforeEach(async () => {
  stub = await StubGateway.open('sk-secret');
  registry = new Registry();
  metrics = new GatewayMetrics(registry);
});
afterEach(() => stub.close());

async function call(answers: readonly StubAnswer[], over: Partial<GatewayOptions> = {}, signal?: AbortSignal): Promise<unknown> {
  stub.answer(...answers);
  const gateway = new Gateway({ url: stub.url, key: 'sk-secret', model: 'stub-1', timeoutMs: 60_000, retries: 2, ...over });
  return metrics.called((onRetry) => gateway.complete({ messages: MESSAGES }, signal, onRetry), signal).catch((error: unknown) => error);
}
async function now(): Promise<{ calls: Record<string, number>; of: (name: string) => number | undefined }> {
  const text = await registry.metrics();
  expect(text).not.toMatch(/secret|SECRET|stub-1|127\.0\.0\.1/);
  const all = samples(text);
  const calls = [...all].flatMap(([name, value]) => {
    const outcome = /^tipstream_gateway_calls_total\{outcome="(\w+)"\}$/.exec(name)?.[1];
    return outcome === undefined || value === 0 ? [] : [[outcome, value] as const];
  });
  return { calls: Object.fromEntries(calls), of: (name) => all.get(`tipstream_gateway_${name}`) };
}

it('every outcome is 0 before it is met', async () => {
  const all = samples(await registry.metrics());
  const failures = ['unavailable', 'rate_limited', 'refused', 'bad_answer', 'timeout'].map((what) => `gateway_${what}`);
  for (const outcome of ['ok', ...failures, 'abandoned'])
    expect(all.get(`tipstream_gateway_calls_total{outcome="${outcome}"}`), outcome).toBe(0);
  expect([
    all.get('tipstream_gateway_retries_total'),
    all.get('tipstream_gateway_tokens_total{kind="prompt"}'),
    all.get('tipstream_gateway_tokens_total{kind="completion"}'),
  ]).toEqual([0, 0, 0]);
});

it('counts calls that succeed, with their tokens where the gateway says them', async () => {
  await call([completion('one')]);
  await call([completion('two', { usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } })]);
  await call([completion('three', { usage: null })]);
  const { calls, of } = await now();
  expect(calls).toEqual({ ok: 3 });
  expect([
    of('tokens_total{kind="prompt"}'),
    of('tokens_total{kind="completion"}'),
    of('call_duration_seconds_count'),
    of('retries_total'),
  ]).toEqual([97, 15, 3, 0]);
});

it.each([
  ['gateway_unavailable', [{ status: 503 }], {}, 2],
  ['gateway_unavailable', [{ status: 503, headers: { 'retry-after': '3600' } }], {}, 0],
  ['gateway_rate_limited', [{ status: 429, headers: { 'retry-after': '3600' } }], {}, 0],
  ['gateway_refused', [{ status: 404 }], {}, 0],
  ['gateway_refused', [completion('x')], { key: 'another' }, 0],
  ['gateway_bad_answer', [{ body: 'hello' }], {}, 0],
  ['gateway_timeout', [{ silent: true as const }], { timeoutMs: 200 }, 0],
  ['ok', [{ status: 500 }, { cut: true as const }, completion('third time')], {}, 2],
])('%s', async (outcome, answers, over, retries) => {
  await call(answers, over);
  const { calls, of } = await now();
  expect(calls).toEqual({ [outcome]: 1 });
  expect([of('retries_total'), of('call_duration_seconds_count')]).toEqual([retries, 1]);
});

it("a caller that goes away is none of the gateway's failures", async () => {
  const caller = new AbortController();
  const asked = call([{ silent: true }], {}, caller.signal);
  await expect.poll(() => stub.calls.length, { timeout: 60_000 }).toBe(1);
  caller.abort();
  expect(await asked).toMatchObject({ code: 'invalid_argument' });
  expect((await now()).calls).toEqual({ abandoned: 1 });
});

it('a defect is counted as one', async () => {
  await metrics.called(() => Promise.reject(new TypeError('not a function'))).catch(() => undefined);
  expect((await now()).calls).toEqual({ internal: 1 });
});

it('times what a call took, waiting between attempts included', async () => {
  await call([{ status: 429, headers: { 'retry-after': '1' } }, completion('late')]);
  const { of } = await now();
  expect(of('call_duration_seconds_sum')).toBeGreaterThan(0.95);
  expect(of('call_duration_seconds_bucket{le="0.5"}')).toBe(0);
  expect(of('call_duration_seconds_bucket{le="+Inf"}')).toBe(1);
});
