import { METHODS } from 'node:http';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { ERROR_KINDS, TipstreamError, type ErrorCode } from '../../src/errors.js';
import type { Application } from '../../src/service/application.js';
import { MAX_JSON_BYTES } from '../../src/http/body-parsers.js';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import { SCORE_REQUEST, fakeApplication } from '../support/fake-application.js';

const serve = (over: Partial<Application> = {}) => buildServer(fakeApplication(over), { host: '127.0.0.1' });
const JSON_BODY = { 'content-type': 'application/json' };

describe('errors', () => {
  it.each(Object.entries(ERROR_KINDS))('%s has the status of its kind', async (code, kind) => {
    const server = serve({
      lag: async () => {
        throw new TipstreamError(code as ErrorCode, 'what happened', { hint: 'what to do', details: { topic: 'tip.served' } });
      },
    });
    const answer = await server.inject('/v1/lag');
    expect(answer.statusCode).toBe(kind.http);
    expect(answer.json()).toEqual({ error: { code, message: 'what happened', details: { topic: 'tip.served', hint: 'what to do' } } });
  });

  it('an unforeseen exception is internal, logged, and tells nothing', async () => {
    const lines: string[] = [];
    const logger = pino(
      {},
      new Writable({
        write: (chunk, _encoding, done) => {
          lines.push(String(chunk));
          done();
        },
      }),
    );
    const server = buildServer(
      fakeApplication({
        lag: async () => {
          throw new Error('the password is hunter2');
        },
      }),
      { host: '127.0.0.1', logger },
    );
    const answer = await server.inject('/v1/lag');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toEqual({ error: { code: 'internal', message: 'an unexpected error, which the log of the service describes' } });
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      level: 50,
      path: '/v1/lag',
      code: 'internal',
      err: { message: 'the password is hunter2', stack: expect.any(String) as string },
    });
  });

  it.each([
    undefined,
    null,
    'text',
    7,
    { statusCode: 418, message: 'teapot' },
    Object.assign(new Error('secret'), { statusCode: 404, code: 'ENOENT' }),
  ])('internal for the thrown value %j', async (thrown) => {
    const answer = await serve({
      lag: async () => {
        throw thrown;
      },
    }).inject('/v1/lag');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ error: { code: 'internal' } });
    expect(answer.body).not.toContain('secret');
  });

  it('an exception that is thrown and not rejected is the same', async () => {
    const answer = await serve({
      status: () => {
        throw new TypeError('undefined is not a function');
      },
    }).inject('/v1/status');
    expect(answer.json()).toMatchObject({ error: { code: 'internal' } });
  });

  it('an answer that cannot be written as JSON is internal', async () => {
    const answer = await serve({ lag: async () => [{ lag: 1n }] as never }).inject('/v1/lag');
    expect(answer.statusCode).toBe(500);
    expect(answer.json()).toMatchObject({ error: { code: 'internal' } });
  });
});

describe('requests that no route takes', () => {
  it.each(['/nothing', '/v1', '/v1/profiles', '/score/', '/SCORE', '//', '/page/../../etc/passwd', '/page/none.js'])(
    '404 for %s',
    async (url) => {
      const answer = await serve().inject(url);
      expect(answer.statusCode).toBe(404);
      expect(answer.json()).toMatchObject({ error: { code: 'not_found', message: expect.stringContaining('there is no GET') as string } });
    },
  );

  it.each([
    ['GET', '/score', 'POST'],
    ['DELETE', '/v1/profiles/ana', 'GET, HEAD'],
    ['PUT', '/v1/events', 'POST'],
    ['POST', '/v1/lag', 'GET, HEAD'],
    ['PATCH', '/', 'GET, HEAD'],
    ['HEAD', '/score', 'POST'],
    ['QUERY', '/v1/profiles/ana', 'GET, HEAD'],
    ['QUERY', '/score', 'POST'],
    ['TRACE', '/v1/lag', 'GET, HEAD'],
    ['PROPFIND', '/', 'GET, HEAD'],
    ['PROPFIND', '/v1/events', 'POST'],
    ['REPORT', '/v1/rebuilds/7', 'GET, DELETE, HEAD'],
    ['M-SEARCH', '/openapi.json', 'GET, HEAD'],
    ['POST', '/livez', 'GET, HEAD'],
    ['DELETE', '/v1/rebuilds', null],
    ['QUERY', '/nothing', null],
    ['PROPFIND', '/v1', null],
    ['OPTIONS', '/nothing', null],
  ] as const)('405 and what is allowed, or 404, for %s %s', async (method, url, allow) => {
    if (!METHODS.includes(method)) return; // Node refuses it before any route: QUERY, before 22
    const answer = await serve().inject({ method, url, payload: 'x', headers: { 'content-type': 'text/plain' } } as never);
    expect([answer.statusCode, answer.headers.allow]).toEqual(allow === null ? [404, undefined] : [405, allow]);
    const code = allow === null ? 'not_found' : 'method_not_allowed';
    expect(answer.json()).toMatchObject({ error: { code } });
  });

  it('never 404 and never 500 on a path that exists, whatever the method', async () => {
    const server = serve();
    for (const method of METHODS.filter((one) => one !== 'CONNECT')) {
      for (const [url, own] of [
        ['/v1/lag', ['GET', 'HEAD', 'OPTIONS']],
        ['/score', ['POST', 'OPTIONS']],
      ] as const) {
        if ((own as readonly string[]).includes(method)) continue;
        const { statusCode } = await server.inject({ method: method as 'GET', url });
        expect([method, url, statusCode]).toEqual([method, url, 405]);
      }
    }
  });

  it.each([
    ['/v1/lag', 'GET, HEAD'],
    ['/score', 'POST'],
    ['/v1/rebuilds/7', 'GET, DELETE, HEAD'],
    ['/', 'GET, HEAD'],
  ])('OPTIONS %s says what it takes, and lets no other origin in', async (url, allow) => {
    const headers = { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' };
    const answer = await serve().inject({ method: 'OPTIONS', url, headers });
    expect([answer.statusCode, answer.body, answer.headers.allow]).toEqual([204, '', allow]);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('asks for the token on OPTIONS where every other method does', async () => {
    const server = buildServer(fakeApplication(), { host: '127.0.0.1', tokens: () => Tokens.ofOwner('secret-and-long-enough') });
    const statusOf = async (url: string) => (await server.inject({ method: 'OPTIONS', url })).statusCode;
    expect([await statusOf('/v1/lag'), await statusOf('/livez')]).toEqual([401, 204]);
  });

  it('answers HEAD without a body', async () => {
    const answer = await serve().inject({ method: 'HEAD', url: '/v1/lag' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
  });
});

describe('bodies', () => {
  const post = (payload: string | Buffer, headers: Record<string, string>, url = '/score') =>
    serve().inject({ method: 'POST', url, payload, headers });

  it.each([
    ['/score', 'text/plain'],
    ['/score', 'application/x-www-form-urlencoded'],
    ['/score', 'multipart/form-data; boundary=x'],
    ['/score', 'text/plain; application/json'],
    ['/score', 'application/x-ndjson'],
    ['/score', 'application/jsonp'],
    ['/score', ''],
    ['/v1/events', 'text/plain'],
    ['/v1/events', 'application/x-www-form-urlencoded'],
  ])('415 on %s for the content-type %j', async (url, type) => {
    const answer = await post(JSON.stringify(SCORE_REQUEST), { 'content-type': type }, url);
    expect(answer.statusCode).toBe(415);
    expect(answer.json()).toMatchObject({ error: { code: 'unsupported_media_type', details: { accepts: expect.any(Array) as string[] } } });
  });

  it.each(['/score', '/v1/events'])('415 on %s without a content-type, even without a body', async (url) => {
    expect((await serve().inject({ method: 'POST', url })).statusCode).toBe(415);
    expect((await serve().inject({ method: 'POST', url, payload: Buffer.from('{}') })).statusCode).toBe(415);
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset=UTF-8'])('takes %s', async (type) => {
    expect((await post(JSON.stringify(SCORE_REQUEST), { 'content-type': type })).statusCode).toBe(200);
  });

  it('takes a body that begins with a byte order mark', async () => {
    expect((await post(`\ufeff${JSON.stringify(SCORE_REQUEST)}`, JSON_BODY)).statusCode).toBe(200);
  });

  it('415 for a compressed body', async () => {
    const answer = await post('x', { ...JSON_BODY, 'content-encoding': 'gzip' });
    expect(answer.statusCode).toBe(415);
    expect(answer.json<{ error: { message: string } }>().error.message).toContain('gzip');
  });

  it.each(['', '{', '[1,]', '{"a":1}x', 'undefined', "{'a': 1}", '\ufeff', '{}\ufeff', 'NaN'])(
    '400 for %j, which is not JSON',
    async (payload) => {
      const answer = await post(payload, JSON_BODY);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        error: { code: 'invalid_argument', message: expect.stringContaining('the request body is') as string },
      });
    },
  );

  it.each(['null', '1', '"text"', '[]', 'true'])('400 for %s, which is no object', async (payload) => {
    const answer = await post(payload, JSON_BODY);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ error: { message: string } }>().error.message).toContain('expected object');
  });

  it('400 for bytes that are not UTF-8, instead of another user', async () => {
    const answer = await post(Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), JSON_BODY);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'invalid_argument', message: 'the request body is not well-formed UTF-8' } });
  });

  it('413 for a JSON body beyond the limit', async () => {
    const answer = await post(`"${'x'.repeat(MAX_JSON_BYTES)}"`, JSON_BODY);
    expect(answer.statusCode).toBe(413);
    expect(answer.json()).toMatchObject({ error: { code: 'payload_too_large' } });
  });

  it('survives JSON nested very deeply', async () => {
    expect((await post('['.repeat(200_000) + ']'.repeat(200_000), JSON_BODY)).statusCode).toBe(400);
  });
});
