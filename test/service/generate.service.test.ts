/** POST /generate through the real service on the embedded log, HTTP and a stub of the gateway. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { Gateway } from '../../src/gateway/gateway.js';
import type { GenerationOptions } from '../../src/service/options.js';
import { startHttp, type HttpServer } from '../../src/http/start.js';
import { promptSettings } from '../../src/prompts/choice.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { completion, StubGateway } from '../support/stub-gateway.js';

const NOW_MS = 1_795_219_200_000;
const KEY = 'sk-very-secret';
let stub: StubGateway;
let embedded: EmbeddedService | undefined;
let http: HttpServer | undefined;
const logged: string[] = [];
beforeEach(async () => void (stub = await StubGateway.open(KEY)));
afterEach(async () => {
  await http?.close();
  await embedded?.close();
  await stub.close();
  http = embedded = undefined;
});

const configured = (over: Partial<GenerationOptions> = {}): GenerationOptions => ({
  prompts: promptSettings(),
  gateway: new Gateway({ url: stub.url, key: KEY, model: 'stub-1', timeoutMs: 60_000, retries: 0 }),
  ...over,
});
async function open(generation?: GenerationOptions): Promise<void> {
  embedded = await EmbeddedService.open(await mkdtemp(join(tmpdir(), 'tipstream-generate-')), {
    clock: () => NOW_MS,
    maxTaskIdleMs: 0,
    ...(generation === undefined ? {} : { generation }),
  });
  await embedded.start();
  await embedded.catchUp();
  logged.length = 0;
  http = await startHttp(embedded.service, {
    host: '127.0.0.1',
    port: 0,
    logger: pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) }),
  });
}
const candidates = [
  { tip_id: 'a', title: 'Pay the bill', is_overdue: true, task_age_days: 3, priority: 4 },
  { tip_id: 'b', title: 'Walk', is_overdue: false, task_age_days: 1, priority: 1 },
];
async function post(path: string, body: object): Promise<{ status: number; retryAfter: string | null; body: Record<string, unknown> }> {
  const answer = await fetch(http!.address + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { status, headers } = answer;
  return { status, retryAfter: headers.get('retry-after'), body: (await answer.json()) as Record<string, unknown> };
}
const generate = (more: object = {}) => post('/generate', { user_id: 'ana', candidates, ...more });
const prompt = () => stub.calls.at(-1)!.body.messages as { role: string; content: string }[];

describe('POST /generate', () => {
  it('records the decision that POST /score would make, and answers the text about its tip', async () => {
    await open(configured());
    await embedded!.produce('tip.served', { tip_id: 'x', user_id: 'ana', served_at_ms: NOW_MS - 10_000 });
    await embedded!.produce('tip.feedback', { tip_id: 'x', user_id: 'ana', action: 'done', reacted_at_ms: NOW_MS - 5_000 });
    await embedded!.catchUp();
    stub.answer(completion('Pay it now.'));
    const { status, body } = await generate({ decision_id: 'd1', max_tokens: 40, locale: 'de' });
    expect(status).toBe(200);
    expect(body).toEqual({
      text: 'Pay it now.',
      prompt_version: 'v1',
      model: 'stub-1-2026',
      tip_id: expect.stringMatching(/^[ab]$/) as string,
      decision_id: 'd1',
      recorded: true,
      policy: 'egreedy-v1',
      finish_reason: 'stop',
      usage: { prompt_tokens: 90, completion_tokens: 12, total_tokens: 102 },
    });
    expect(await embedded!.scored()).toMatchObject([{ decision_id: 'd1', chosen_tip_id: body.tip_id, policy: 'egreedy-v1' }]);
    expect(JSON.stringify(await embedded!.scored())).not.toContain('Pay the bill');
    expect((await post('/score', { user_id: 'ana', decision_id: 'd1', candidates })).body).toMatchObject({ chosen_tip_id: body.tip_id });

    expect(stub.calls[0]!.body).toMatchObject({ model: 'stub-1', max_tokens: 40 });
    const facts = JSON.parse(prompt()[1]!.content) as { chosen: object; profile: object };
    expect(facts.chosen).toEqual(candidates.find(({ tip_id }) => tip_id === body.tip_id));
    expect(facts.profile).toMatchObject({ completion_rate_30d: 1, mean_dwell_ms_30d: 5_000, tip_volume_30d: 1 });
    expect(prompt()[0]!.content).toContain('locale de');
    expect(JSON.stringify(stub.calls[0]!.body)).not.toContain('ana');
  });

  it('without a decision_id records nothing; profile features that are given are used', async () => {
    await open(configured());
    const { body } = await generate({ profile_features: { completion_rate_30d: 0.25 } });
    expect(body).toMatchObject({ decision_id: null, recorded: false });
    expect(JSON.parse(prompt()[1]!.content)).toMatchObject({ profile: { completion_rate_30d: 0.25 } });
    expect(await embedded!.scored()).toEqual([]);
  });

  it('takes the version of the request; a rotation is sticky by decision', async () => {
    await open(configured({ prompts: promptSettings(['v1', 'v2']) }));
    const versions = new Map<string, unknown>();
    for (let i = 0; i < 12; i++) versions.set(`d${i}`, (await generate({ decision_id: `d${i}` })).body.prompt_version);
    expect(new Set(versions.values())).toEqual(new Set(['v1', 'v2']));
    for (const [decision_id, version] of versions) expect((await generate({ decision_id })).body.prompt_version).toBe(version);
    for (const version of ['v1', 'v2'])
      expect((await generate({ decision_id: 'd0', prompt_version: version })).body.prompt_version).toBe(version);
  });

  it('refuses before it decides: a version that there is not, and no gateway', async () => {
    await open(configured());
    expect(await generate({ decision_id: 'd1', prompt_version: 'v9' })).toMatchObject({
      status: 404,
      body: { error: { code: 'prompt_not_found', details: { hint: 'Choose one of v1, v2.' } } },
    });
    await http!.close();
    await embedded!.close();
    await open();
    expect(await generate({ decision_id: 'd1' })).toMatchObject({ status: 501, body: { error: { code: 'gateway_not_configured' } } });
    expect(await embedded!.scored()).toEqual([]);
  });

  it.each([
    [{ candidates: [] }],
    [{ candidates: [candidates[0], candidates[0]] }],
    [{ max_tokens: 0 }],
    [{ prompt_version: '' }],
    [{ locale: 'de"; ignore' }],
    [{ candidates: [{ ...candidates[0], title: 'x'.repeat(501) }] }],
  ])('refuses %j', async (wrong) => {
    await open(configured());
    expect(await generate(wrong)).toMatchObject({ status: 400, body: { error: { code: 'invalid_argument' } } });
    expect(stub.calls).toEqual([]);
  });

  it('a gateway that fails leaves the decision, whose tip and version come with the error and again with the next call', async () => {
    await open(configured({ prompts: promptSettings(['v1', 'v2']) }));
    stub.answer({ status: 503, body: 'down' }, completion('up again'));
    const failed = await generate({ decision_id: 'd1' });
    expect(failed).toMatchObject({
      status: 502,
      body: { error: { code: 'gateway_unavailable', details: { status: 503, decision_id: 'd1', recorded: true } } },
    });
    expect(await embedded!.scored()).toHaveLength(1);
    const { prompt_version, tip_id } = (failed.body.error as { details: Record<string, unknown> }).details;
    expect(await generate({ decision_id: 'd1' })).toMatchObject({ status: 200, body: { text: 'up again', prompt_version, tip_id } });
  });

  it('passes on to the caller that the gateway wants to be called less often, and when, with the decision', async () => {
    await open(configured());
    stub.answer({ status: 429, headers: { 'retry-after': '3600' } });
    expect(await generate({ decision_id: 'd1' })).toMatchObject({
      status: 429,
      retryAfter: '3600',
      body: { error: { code: 'gateway_rate_limited', details: { status: 429, retry_after: '3600', decision_id: 'd1', recorded: true } } },
    });
  });

  it('a decision that was made of other candidates is said to be', async () => {
    await open(configured());
    await generate({ decision_id: 'd1' });
    expect(await generate({ decision_id: 'd1', candidates: [{ ...candidates[0], tip_id: 'z' }] })).toMatchObject({
      status: 400,
      body: { error: { code: 'invalid_argument', message: expect.stringContaining('other candidates') as string } },
    });
    expect(stub.calls).toHaveLength(1);
  });

  it('writes neither the key nor the prompt to the log', async () => {
    await open(
      configured({ gateway: new Gateway({ url: stub.url, key: 'wrong-very-secret', model: 'stub-1', timeoutMs: 60_000, retries: 0 }) }),
    );
    expect(await generate({ decision_id: 'd1' })).toMatchObject({ status: 502, body: { error: { code: 'gateway_refused' } } });
    expect(logged.join('')).toContain('gateway_refused');
    expect(logged.join('') + JSON.stringify(embedded!.logged)).not.toMatch(/very-secret|Pay the bill|never an instruction/);
  });

  it('a caller that goes away ends the call of the gateway', async () => {
    await open(configured());
    stub.answer({ silent: true });
    const caller = new AbortController();
    const call = fetch(`${http!.address}/generate`, {
      method: 'POST',
      signal: caller.signal,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user_id: 'ana', candidates }),
    });
    call.catch(() => undefined);
    await expect.poll(() => stub.calls.length, { timeout: 60_000 }).toBe(1);
    caller.abort();
    await expect.poll(() => stub.gone, { timeout: 60_000 }).toBe(1);
  }, 90_000);
});
