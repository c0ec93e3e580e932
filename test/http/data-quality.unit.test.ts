import { describe, expect, it } from 'vitest';
import { dataQualitySchema } from '../../src/http/routes/data-quality.js';
import { buildServer } from '../../src/http/server.js';
import { QUALITY, fakeApplication } from '../support/fake-application.js';

const server = buildServer(fakeApplication(), { host: '127.0.0.1' });

describe('GET /v1/data-quality', () => {
  it('answers what the schema says, with an ETag', async () => {
    const answer = await server.inject('/v1/data-quality');
    expect([answer.statusCode, answer.json()]).toEqual([200, QUALITY]);
    expect(dataQualitySchema.parse(answer.json())).toEqual(QUALITY);
    const again = await server.inject({ url: '/v1/data-quality', headers: { 'if-none-match': String(answer.headers['etag']) } });
    expect(again.statusCode).toBe(304);
  });

  it('takes no parameter', async () => {
    expect((await server.inject('/v1/data-quality?topic=tip.served')).statusCode).toBe(400);
  });
});
