import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { LAG, NOW_MS, PROFILE, STATUS, fakeApplication } from '../support/fake-application.js';

let tips = 48;
let status = STATUS;
let nowMs = NOW_MS;
const server = buildServer(
  fakeApplication({
    profile: async (userId, asOfMs) => ({ ...PROFILE, user_id: userId, as_of_ms: asOfMs ?? nowMs++, features: { tip_volume_30d: tips } }),
    status: () => ({ ...status, log_silent_ms: nowMs++ }),
    lag: async () => LAG,
  }),
  { host: '127.0.0.1' },
);
const get = (url: string, known?: string) => server.inject({ url, headers: known === undefined ? {} : { 'if-none-match': known } });
const tagOf = async (url: string): Promise<string> => String((await get(url)).headers.etag);

describe('an ETag', () => {
  it.each([
    '/v1/profiles/ana',
    '/v1/lag',
    '/v1/status',
    '/v1/policies',
    '/v1/prompts',
    '/v1/features',
    '/v1/data-quality',
    '/openapi.json',
    '/',
  ])('of %s spares the caller what it has', async (url) => {
    const tag = await tagOf(url);
    expect(tag).toMatch(/^W\/"[\w-]{22}"$/);
    for (const known of [tag, tag.slice(2), `"x", ${tag}`, '*']) {
      const answer = await get(url, known);
      expect([answer.statusCode, answer.body, answer.headers.etag]).toEqual([304, '', tag]);
      expect(answer.headers['x-content-type-options']).toBe('nosniff');
    }
    for (const other of ['"x"', 'W/"x"', tag.slice(3, -1)]) expect((await get(url, other)).statusCode).toBe(200);
  });

  it('changes with what the answer says, and not with when it was made', async () => {
    const before = [await tagOf('/v1/profiles/ana'), await tagOf('/v1/status')];
    expect([await tagOf('/v1/profiles/ana'), await tagOf('/v1/status')]).toEqual(before);
    expect(await tagOf('/v1/profiles/bo')).not.toBe(before[0]);
    tips++;
    status = { ...STATUS, ready: false };
    for (const [at, url] of ['/v1/profiles/ana', '/v1/status'].entries()) {
      const answer = await get(url, before[at]);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers.etag).not.toBe(before[at]);
    }
  });

  it('is on no error, and on nothing that changes with every answer', async () => {
    for (const url of ['/metrics', '/livez', '/v1/nothing', '/v1/profiles/ana?as_of_ms=x'])
      expect((await get(url, '*')).headers.etag).toBeUndefined();
    expect((await get('/metrics', '*')).statusCode).toBe(200);
  });
});
