import { useOf } from '../../src/policies/reading/feature-use.js';
import { featuresDocument, type FeaturesDocument } from '../../src/projections/feature-document.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { buildServer } from '../../src/http/server.js';
import type { Application } from '../../src/service/application.js';
import {
  LAG,
  NOW_MS,
  PROFILE,
  SCORES,
  SCORE_REQUEST,
  STATUS,
  fakeApplication,
  partition,
  scoreResponse,
} from '../support/fake-application.js';

function serve(over: Partial<Application> = {}) {
  const application = fakeApplication(over);
  return { application, server: buildServer(application, { host: '127.0.0.1' }) };
}

describe('GET /v1/profiles/{user_id}', () => {
  it('answers the profile as of now', async () => {
    const { application, server } = serve();
    const answer = await server.inject('/v1/profiles/ana');
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.json()).toEqual(PROFILE);
    expect(application.calls).toEqual([['profile', 'ana', undefined]]);
  });

  it.each([
    ['1769882645000', 1_769_882_645_000],
    ['1769882645000.0', 1_769_882_645_000],
    ['100000000000', 100_000_000_000],
    ['1970-01-01', 0],
    ['20260131', Date.UTC(2026, 0, 31)],
    ['20260131T180405Z', NOW_MS],
    ['20260131T193405%2B0130', NOW_MS],
    ['20260131T193405+0130', NOW_MS],
    ['2026-01-31T18:04:05Z', NOW_MS],
    ['2026-01-31T19:04:05.000%2B01:00', NOW_MS],
    ['2026-01-31T19:04:05+01:00', NOW_MS],
    ['2026-01-31', Date.UTC(2026, 0, 31)],
    ['253402300799999', 253_402_300_799_999],
  ])('reads as_of_ms=%s', async (text, ms) => {
    const { application, server } = serve();
    expect((await server.inject(`/v1/profiles/ana?as_of_ms=${text}`)).statusCode).toBe(200);
    expect(application.calls).toEqual([['profile', 'ana', ms]]);
  });

  it.each(['', 'yesterday', '-1', '1769882645000.5', '1e12', '9'.repeat(40), '2026-02-30', '2026-13-01', 'NaN', '1&as_of_ms=2'])(
    'refuses as_of_ms=%s',
    async (text) => {
      const { application, server } = serve();
      const answer = await server.inject(`/v1/profiles/ana?as_of_ms=${text}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        error: { code: 'invalid_argument', message: expect.stringMatching(/^as_of_ms: must be/) as string },
      });
      expect(application.calls).toEqual([]);
    },
  );

  it.each([
    ['0', /^as_of_ms: 0 ms is 1970-01-01T00:00:00\.000Z; did you mean seconds\? /],
    ['1769882645', /did you mean seconds\? 1769882645 s is 1769882645000 ms\. Give a time before 1973-03-04 as ISO 8601\.$/],
    ['1769882645.5', /did you mean seconds\? 1769882645\.5 s is 1769882645500 ms\./],
    ['1769882645000000', /did you mean microseconds\? /],
    ['20260131180405', /did you mean 2026-01-31T18:04:05\.000Z\? /],
  ])('asks back about as_of_ms=%s', async (text, message) => {
    const { application, server } = serve();
    const answer = await server.inject(`/v1/profiles/ana?as_of_ms=${text}`);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'invalid_argument', message: expect.stringMatching(message) as string } });
    expect(application.calls).toEqual([]);
  });

  it('refuses a parameter that it does not know, since a misspelt as_of_ms would silently mean now', async () => {
    const answer = await serve().server.inject('/v1/profiles/ana?as_of=2026-01-31');
    expect(answer.statusCode).toBe(400);
    expect(answer.json<{ error: { message: string } }>().error.message).toContain('as_of');
  });

  const oddIds = [
    'a/b',
    '/',
    '//',
    'a%2Fb',
    '%',
    '%25',
    '100%',
    'a b',
    'a+b',
    '🦊',
    '👩‍👩‍👧',
    'é',
    'é',
    '__proto__',
    'constructor',
    '?',
    '#',
    'a?b=c#d',
    ';',
    'a;b',
    ':user_id',
    '*',
    '{user_id}',
    "'; DROP TABLE tips; --",
    '<script>',
    '"',
    '\\',
    ' ',
    '\u00a0',
    '\u200f',
    '\ufeff',
    '\ufffd',
    'null',
    '...',
    'x'.repeat(128),
    '🦊'.repeat(128),
    '/'.repeat(128),
    '%2F'.repeat(42),
    '\u2028',
  ];
  it.each(oddIds)('finds the user %j', async (userId) => {
    const { application, server } = serve();
    const answer = await server.inject(`/v1/profiles/${encodeURIComponent(userId)}`);
    expect(answer.statusCode).toBe(200);
    expect(answer.json<{ user_id: string }>().user_id).toBe(userId);
    expect(application.calls).toEqual([['profile', userId, undefined]]);
  });

  it.each(['', '%00', '%1F', '%7F', '%C2%80', 'a%0Ab', 'x'.repeat(129), '%F0%9F%A6%8A'.repeat(129), 'x'.repeat(10_000)])(
    'refuses the id %s',
    async (path) => {
      const { application, server } = serve();
      const answer = await server.inject(`/v1/profiles/${path}`);
      expect(answer.statusCode).toBe(400);
      expect(answer.json()).toMatchObject({
        error: {
          code: 'invalid_argument',
          message: 'user_id: must be 1 to 128 code points of well-formed Unicode without control characters',
        },
      });
      expect(application.calls).toEqual([]);
    },
  );

  it.each(['%', '%zz', '%ff', '%ed%a0%80', 'a%2'])('refuses the path %s, which is not percent-encoded UTF-8', async (path) => {
    const answer = await serve().server.inject({ method: 'GET', url: `/v1/profiles/${path}` });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ error: { code: 'invalid_argument' } });
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
  });

  it('says who owns a user of another process', async () => {
    const answer = await serve().server.inject('/v1/profiles/elsewhere');
    expect(answer.statusCode).toBe(421);
    expect(answer.json()).toEqual({
      error: {
        code: 'not_owner',
        message: 'partition 3 is held by another process',
        details: { owner: 'http://10.0.0.7:8080', partition: 3, hint: 'ask the owner' },
      },
    });
  });

  it('answers 404 for an unknown user', async () => {
    const answer = await serve().server.inject('/v1/profiles/nobody');
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toEqual({
      error: { code: 'user_not_found', message: 'no user nobody as of now', details: { user_id: 'nobody' } },
    });
  });
});

describe('POST /score', () => {
  const post = (server: ReturnType<typeof serve>['server'], payload: unknown) =>
    server.inject({ method: 'POST', url: '/score', payload: payload as object });

  it('answers the decision', async () => {
    const { application, server } = serve();
    const answer = await post(server, SCORE_REQUEST);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(scoreResponse(SCORE_REQUEST));
    expect(application.calls).toEqual([['score', SCORE_REQUEST]]);
  });

  it('takes null for absent, and drops what it does not know', async () => {
    const { application, server } = serve();
    const candidates = [{ tip_id: 't1', is_overdue: true, task_age_days: -0, priority: 4.0, source: null, category: '', colour: 'red' }];
    const answer = await post(server, {
      decision_id: null,
      requested_at_ms: null,
      utc_offset_min: null,
      user_id: 'ana',
      candidates,
      extra: 1,
    });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ decision_id: null, recorded: false });
    expect(application.calls).toEqual([
      ['score', { user_id: 'ana', candidates: [{ tip_id: 't1', is_overdue: true, task_age_days: 0, priority: 4, category: '' }] }],
    ]);
  });

  it('takes 200 candidates with the longest ids there are', async () => {
    const candidates = Array.from({ length: 200 }, (_, index) => ({
      tip_id: '🦊'.repeat(124) + String(index).padStart(4, '0'),
      is_overdue: false,
      task_age_days: 1,
      priority: 1,
    }));
    expect((await post(serve().server, { ...SCORE_REQUEST, candidates })).statusCode).toBe(200);
  });

  it('keeps a tip named __proto__, and ignores a field of that name', async () => {
    const { application, server } = serve();
    const payload =
      '{"__proto__": {"admin": true}, "user_id": "ana", "candidates": [{"tip_id": "__proto__", ' +
      '"is_overdue": false, "task_age_days": 0, "priority": 1}]}';
    const answer = await server.inject({ method: 'POST', url: '/score', payload, headers: { 'content-type': 'application/json' } });
    expect(answer.statusCode).toBe(200);
    const request = application.calls[0]![1] as object;
    expect(Object.keys(request)).toEqual(['user_id', 'candidates']);
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype);
  });

  const candidate = SCORE_REQUEST.candidates[0];
  it.each([
    ['user_id', { ...SCORE_REQUEST, user_id: undefined }],
    ['user_id', { ...SCORE_REQUEST, user_id: '' }],
    ['user_id', { ...SCORE_REQUEST, user_id: '\ud800' }],
    ['decision_id', { ...SCORE_REQUEST, decision_id: 7 }],
    ['decision_id', { ...SCORE_REQUEST, decision_id: '' }],
    ['requested_at_ms', { ...SCORE_REQUEST, requested_at_ms: -1 }],
    ['requested_at_ms', { ...SCORE_REQUEST, requested_at_ms: '2026-01-31' }],
    ['utc_offset_min', { ...SCORE_REQUEST, utc_offset_min: 841 }],
    ['candidates', { ...SCORE_REQUEST, candidates: [] }],
    ['candidates', { ...SCORE_REQUEST, candidates: [candidate, candidate] }],
    ['candidates', { ...SCORE_REQUEST, candidates: {} }],
    ['candidates', { ...SCORE_REQUEST, candidates: Array.from({ length: 201 }, (_, index) => ({ ...candidate, tip_id: `t${index}` })) }],
    ['candidates[0].priority', { ...SCORE_REQUEST, candidates: [{ ...candidate, priority: 5 }] }],
    ['candidates[0].task_age_days', { ...SCORE_REQUEST, candidates: [{ ...candidate, task_age_days: null }] }],
    ['candidates[1].is_overdue', { ...SCORE_REQUEST, candidates: [candidate, { ...candidate, tip_id: 't2', is_overdue: 'no' }] }],
  ])('refuses a bad %s by its name', async (field, payload) => {
    const { application, server } = serve();
    const answer = await post(server, payload);
    expect(answer.statusCode).toBe(400);
    const { error } = answer.json<{ error: { code: string; message: string; details: { issues: { path: string[] }[] } } }>();
    expect(error.code).toBe('invalid_argument');
    expect(error.message.startsWith(`${field}: `)).toBe(true);
    expect(error.details.issues[0]!.path.length).toBeGreaterThan(0);
    expect(application.calls).toEqual([]);
  });
});

describe('the state of the service', () => {
  it('GET /v1/features', async () => {
    const document = (await serve().server.inject('/v1/features')).json<FeaturesDocument>();
    expect(document).toEqual(featuresDocument(coreRegistry, useOf));
    expect(document.features[0]).toMatchObject({ name: 'completion_rate_30d', unit: 'ratio', window_ms: 2_592_000_000, when_empty: null });
    expect(document.features[0]!.sql).toMatch(/^SELECT /);
  });

  it('GET /v1/lag', async () => {
    expect((await serve().server.inject('/v1/lag')).json()).toEqual(LAG);
  });

  it('GET /v1/status', async () => {
    const answer = (await serve().server.inject('/v1/status')).json<Record<string, unknown>>();
    expect(answer).toEqual({ ...STATUS, now_ms: expect.any(Number) as number, newest_scores: SCORES });
  });

  it('GET /livez is 200 even while nothing is ready', async () => {
    const { server } = serve({ status: () => ({ ...STATUS, ready: false, partitions: [] }) });
    expect((await server.inject('/livez')).json()).toEqual({ live: true });
  });

  it('GET /readyz is 200 once all partitions run', async () => {
    expect((await serve().server.inject('/readyz')).json()).toEqual({ ready: true });
  });

  it.each([
    [{ ready: false, partitions: [] }, ['the service is starting and has no partitions yet']],
    [
      { ready: false, partitions: [partition(0), partition(1, { state: 'restoring', lag_records: 12 })] },
      ['partition 1 is restoring, 12 records to go'],
    ],
    [
      {
        ready: true,
        partitions: [
          partition(0),
          partition(3, { state: 'stopped', error: { code: 'disk_full', message: 'no space left at /secret/path' } }),
        ],
      },
      ['partition 3 stopped (disk_full)'],
    ],
  ])('GET /readyz says why not: %#', async (over, reasons) => {
    const answer = await serve({ status: () => ({ ...STATUS, ...over }) }).server.inject('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('1');
    expect(answer.json()).toEqual({
      error: { code: 'not_ready', message: `not ready: ${reasons.join('; ')}`, details: { reasons, hint: 'See GET /v1/status for more.' } },
    });
  });

  it('GET /metrics', async () => {
    const answer = await serve().server.inject('/metrics');
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(answer.body).toContain('tipstream_applied_total 128406');
  });

  it('passes on what the service throws', async () => {
    const { server } = serve({
      lag: async () => {
        throw new TipstreamError('log_unavailable', 'no broker answers', { hint: 'check KAFKA_BROKERS' });
      },
    });
    const answer = await server.inject('/v1/lag');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({
      error: { code: 'log_unavailable', message: 'no broker answers', details: { hint: 'check KAFKA_BROKERS' } },
    });
  });
});
