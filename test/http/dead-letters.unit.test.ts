import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { deadLetterSchema, deadLettersSchema } from '../../src/http/dead-letters-schemas.js';
import { fakeApplication } from '../support/fake-application.js';
import { LETTERS, VALUE } from '../support/fake-letters.js';

const application = fakeApplication();
const server = buildServer(application, { host: '127.0.0.1' });
const asked = async (url: string) => {
  const answer = await server.inject(url);
  return { answer, query: application.calls.at(-1)?.[1] };
};

describe('GET /v1/dead-letters', () => {
  it('answers what the schema says, with an ETag', async () => {
    const { answer, query } = await asked('/v1/dead-letters');
    expect(answer.statusCode).toBe(200);
    expect(deadLettersSchema.parse(answer.json())).toEqual(answer.json());
    expect(answer.json()).toMatchObject({ matching: LETTERS.length, read: { is_whole: true } });
    expect(query).toEqual({ topic: undefined, code: undefined, sinceMs: undefined, limit: 100, cursor: undefined });
    const again = await server.inject({ url: '/v1/dead-letters', headers: { 'if-none-match': String(answer.headers['etag']) } });
    expect(again.statusCode).toBe(304);
  });

  it.each([
    ['topic=tip.served&code=not_json', { topic: 'tip.served', code: 'not_json' }],
    ['since_ms=2026-01-31T18:04:05Z', { sinceMs: Date.UTC(2026, 0, 31, 18, 4, 5) }],
    ['since_ms=1769882645000', { sinceMs: 1_769_882_645_000 }],
    ['limit=10000', { limit: 10_000 }],
  ])('takes %s', async (text, part) => {
    const { answer, query } = await asked(`/v1/dead-letters?${text}`);
    expect([answer.statusCode, query]).toEqual([200, expect.objectContaining(part)]);
  });

  it.each([
    'topic=no.such',
    'topic=tip.served-dlt',
    'since_ms=yesterday',
    'limit=0',
    'limit=10001',
    'limit=x',
    'cursor=x',
    'codes=a',
    'code=a&code=b',
  ])('refuses %s by name', async (text) => {
    const answer = await server.inject(`/v1/dead-letters?${text}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ error: { code: string } }>().error.code).toBe('invalid_argument');
  });
});

describe('GET /v1/dead-letters/{topic}/{partition}/{offset}', () => {
  it('answers one whole, its value as it is written', async () => {
    const answer = await server.inject('/v1/dead-letters/tip.served-dlt/1/1');
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(answer.payload).toContain(`"value":${VALUE},`);
    expect(deadLetterSchema.parse(answer.json())).toEqual(answer.json());
    expect(application.calls.at(-1)!.slice(0, 2)).toEqual(['deadLetter', { topic: 'tip.served-dlt', partition: 1, offset: 1 }]);
  });

  it.each([
    ['tip.served-dlt/1/2', 404],
    ['tip.served-dlt/1/-1', 400],
    ['tip.served-dlt/x/1', 400],
    ['tip.served-dlt/1/1?whole', 400],
    ['tip.served-dlt/1', 404],
  ])('says what is wrong with %s', async (path, status) => {
    expect((await server.inject(`/v1/dead-letters/${path}`)).statusCode).toBe(status);
  });
});
