import { describe, expect, it } from 'vitest';
import { dataQualitySchema } from '../../src/http/routes/data-quality.js';
import { buildServer } from '../../src/http/server.js';
import { QUALITY, fakeApplication } from '../support/fake-application.js';
import { qualityHistorySchema } from '../../src/http/routes/data-quality-history.js';

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

describe('GET /v1/data-quality/history', () => {
  it('answers what the schema says, for the period, the number and the time that are asked for', async () => {
    const asked: unknown[] = [];
    const application = fakeApplication();
    const { qualityHistory } = application;
    application.qualityHistory = (question) => (asked.push(question), qualityHistory(question));
    const ours = buildServer(application, { host: '127.0.0.1' });
    const answer = await ours.inject('/v1/data-quality/history');
    expect(answer.statusCode).toBe(200);
    expect(qualityHistorySchema.parse(answer.json())).toEqual(answer.json());
    await ours.inject('/v1/data-quality/history?by=week&last=4&as_of_ms=2026-11-16');
    expect(asked).toEqual([
      { by: 'day', last: 7, asOfMs: undefined },
      { by: 'week', last: 4, asOfMs: Date.UTC(2026, 10, 16) },
    ]);
  });

  it.each(['by=hour', 'last=0', 'last=32', 'last=1.5', 'last=', 'from=1'])('refuses %s', async (query) => {
    expect((await server.inject(`/v1/data-quality/history?${query}`)).statusCode).toBe(400);
  });
});
