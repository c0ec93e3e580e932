import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Gateway, type GatewayOptions } from '../../src/gateway/gateway.js';
import { retryAfterMs } from '../../src/gateway/retry-after.js';
import { TipstreamError } from '../../src/errors.js';
import { completion, StubGateway } from '../support/stub-gateway.js';

const KEY = 'sk-very-secret';
const MESSAGES = [
  { role: 'system' as const, content: 'Be short.' },
  { role: 'user' as const, content: 'PERSONAL {"title":"é 🦊"}' },
];
const FAILS = { status: 500, body: { error: { message: `PERSONAL ${KEY}`, type: 'server_error' } } };
let stub: StubGateway;
beforeEach(async () => void (stub = await StubGateway.open(KEY)));
afterEach(() => stub.close());

const gateway = (over: Partial<GatewayOptions> = {}) =>
  new Gateway({ url: stub.url, key: KEY, model: 'stub-1', timeoutMs: 60_000, retries: 2, ...over });
const ask = (over: Partial<GatewayOptions> = {}) => gateway(over).complete({ messages: MESSAGES });
async function failure(over: Partial<GatewayOptions> = {}): Promise<TipstreamError> {
  const thrown: unknown = await ask(over).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(TipstreamError);
  // Errors reach logs, with their causes.
  expect(inspect(thrown, { depth: Infinity })).not.toMatch(/very-secret|PERSONAL|Be short/);
  return thrown as TipstreamError;
}

describe('a chat completion', () => {
  it('is asked for as the protocol says', async () => {
    await gateway().complete({ messages: MESSAGES, maxTokens: 60 });
    expect(stub.calls).toMatchObject([
      {
        method: 'POST',
        url: '/v1/chat/completions',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: { model: 'stub-1', messages: MESSAGES, max_tokens: 60, stream: false },
      },
    ]);
    await ask();
    expect(stub.calls[1]!.body).not.toHaveProperty('max_tokens');
  });

  it('answers the text, the model that the gateway names, and the tokens', async () => {
    stub.answer(completion('  Zahl die Rechnung. 🦊\n'));
    expect(await ask()).toEqual({
      text: 'Zahl die Rechnung. 🦊',
      model: 'stub-1-2026',
      finishReason: 'stop',
      usage: { prompt_tokens: 90, completion_tokens: 12, total_tokens: 102 },
    });
  });

  it('takes an answer that says no more than it must', async () => {
    stub.answer({ body: { choices: [{ message: { content: 'ok' } }], usage: null } });
    expect(await ask()).toEqual({ text: 'ok', model: 'stub-1', finishReason: null, usage: undefined });
  });

  it('needs no key where the gateway needs none', async () => {
    const open = await StubGateway.open();
    await new Gateway({ url: open.url, model: 'm', timeoutMs: 60_000, retries: 0 }).complete({ messages: MESSAGES });
    expect(open.calls[0]!.headers).not.toHaveProperty('authorization');
    await open.close();
  });
});

describe('what passes is tried again', () => {
  it('429: after the seconds that the gateway asks for', async () => {
    stub.answer({ status: 429, headers: { 'retry-after': '1' }, body: { error: { code: 'rate_limit_exceeded' } } }, completion('at last'));
    expect(await ask()).toMatchObject({ text: 'at last' });
    expect(stub.calls).toHaveLength(2);
    expect(stub.calls[1]!.atMs - stub.calls[0]!.atMs).toBeGreaterThan(950);
  });

  it('not when the gateway asks for more time than there is', async () => {
    stub.answer({ status: 429, headers: { 'retry-after': '3600' }, body: { error: { code: 'rate_limit_exceeded' } } });
    expect(await failure()).toMatchObject({
      code: 'gateway_rate_limited',
      message: 'the gateway asks to be called less often (HTTP 429, rate_limit_exceeded)',
      details: { status: 429, gateway_code: 'rate_limit_exceeded', retry_after: '3600' },
    });
    expect(stub.calls).toHaveLength(1);
  });

  it('429 until the attempts are used up, with the time that the last answer asks for; what is no time is left out', async () => {
    stub.answer(
      { status: 429, headers: { 'retry-after': '0' } },
      { status: 429, headers: { 'retry-after': 'Fri, 31 Dec 2100 23:59:59 GMT' } },
    );
    expect(await failure({ retries: 1 })).toMatchObject({
      code: 'gateway_rate_limited',
      details: { status: 429, attempts: 2, retry_after: 'Fri, 31 Dec 2100 23:59:59 GMT' },
    });
    stub.answer({ status: 429, headers: { 'retry-after': 'soon' } });
    expect(((await failure({ retries: 0 })) as TipstreamError).details).toEqual({ status: 429 });
  });

  it('500s until the attempts are used up', async () => {
    stub.answer(FAILS);
    expect(await failure({ retries: 2 })).toMatchObject({
      code: 'gateway_unavailable',
      message: 'the gateway failed (HTTP 500, server_error), also after 3 attempts',
      details: { status: 500, attempts: 3 },
    });
    expect(stub.calls).toHaveLength(3);
  });

  it('500, a cut connection, then success', async () => {
    stub.answer(FAILS, { cut: true }, completion('third time'));
    expect(await ask()).toMatchObject({ text: 'third time' });
  });

  it('a refused connection', async () => {
    await stub.close();
    expect(await failure({ retries: 1 })).toMatchObject({
      code: 'gateway_unavailable',
      message: 'the gateway cannot be reached (ECONNREFUSED), also after 2 attempts',
      details: { cause: 'ECONNREFUSED' },
      hint: expect.stringContaining('--gateway-url') as string,
    });
    stub = await StubGateway.open();
  });
});

describe('what does not pass is said at once', () => {
  it('a wrong key, which no message repeats', async () => {
    expect(await failure({ key: 'wrong-very-secret' })).toMatchObject({
      code: 'gateway_refused',
      message: 'the gateway does not accept the key (HTTP 401, invalid_api_key)',
      hint: expect.stringContaining('TIPSTREAM_GATEWAY_KEY') as string,
      details: { status: 401 },
    });
    expect(stub.calls).toHaveLength(1);
  });

  it.each([
    [{ status: 404, body: 'no such page' }, 'gateway_refused', /HTTP 404/],
    [{ status: 400, body: { error: { type: 'invalid_request_error', code: null } } }, 'gateway_refused', /HTTP 400, invalid_request_error/],
    [{ status: 307, headers: { location: 'http://127.0.0.1:1/elsewhere' } }, 'gateway_refused', /elsewhere \(HTTP 307\)/],
    [{ body: '<html>hello</html>' }, 'gateway_bad_answer', /not JSON/],
    [{ body: 'null' }, 'gateway_bad_answer', /no chat completion/],
    [{ body: { object: 'list', data: [] } }, 'gateway_bad_answer', /no chat completion: choices/],
    [{ body: { choices: [] } }, 'gateway_bad_answer', /no choices/],
    [{ body: { choices: [{ message: { content: 7 } }] } }, 'gateway_bad_answer', /choices\.0\.message\.content/],
    [completion(null), 'gateway_bad_answer', /has no text/],
    [completion(' \n '), 'gateway_bad_answer', /has no text/],
    [{ body: { choices: [{ message: { content: '' }, finish_reason: 'length' }] } }, 'gateway_bad_answer', /max_tokens is too small/],
    [{ body: 'x'.repeat(1_100_000) }, 'gateway_bad_answer', /longer than a tip/],
  ])('%# %j', async (answer, code, message) => {
    stub.answer(answer);
    const error = await failure();
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(stub.calls).toHaveLength(1);
  });

  it('says why a text is missing', async () => {
    stub.answer({ body: { choices: [{ message: { content: null }, finish_reason: 'content_filter' }] } });
    expect((await failure()).details).toEqual({ finish_reason: 'content_filter' });
  });
});

describe('time', () => {
  it('ends with gateway_timeout, and the gateway is let go', async () => {
    stub.answer({ silent: true });
    expect(await failure({ timeoutMs: 300 })).toMatchObject({
      code: 'gateway_timeout',
      message: 'the gateway gave no answer within 300 ms',
    });
    await expect.poll(() => stub.gone, { timeout: 60_000 }).toBe(stub.calls.length);
  });

  it('a caller that goes away ends the call', async () => {
    stub.answer({ silent: true });
    const caller = new AbortController();
    const call = gateway().complete({ messages: MESSAGES }, caller.signal);
    call.catch(() => undefined);
    await expect.poll(() => stub.calls.length, { timeout: 60_000 }).toBe(1);
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(/went away/) as string });
    await expect.poll(() => stub.gone, { timeout: 60_000 }).toBe(1);
  });

  it.each([
    [null, undefined],
    ['0', 0],
    ['7', 7_000],
    [' 2 ', 2_000],
    ['1.5', undefined],
    ['-1', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 30_000],
    ['Wed, 21 Oct 2025 07:28:00 GMT', 0],
  ])('Retry-After %j is %j ms', (header, expected) => {
    expect(retryAfterMs(header, Date.UTC(2026, 9, 21, 7, 27, 30))).toBe(expected);
  });
});
