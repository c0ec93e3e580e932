import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERROR_KINDS } from '../../src/errors.js';
import { buildServer } from '../../src/http/server.js';
import { isId } from '../../src/events/strings.js';
import { SCORE_REQUEST, fakeApplication } from '../support/fake-application.js';

const server = buildServer(fakeApplication(), { host: '127.0.0.1' });
const RUNS = 300;

function expectNoFailure(answer: { statusCode: number; body: string }): void {
  expect(answer.statusCode, answer.body).toBeLessThan(500);
  if (answer.statusCode < 400) return;
  const { error } = JSON.parse(answer.body) as { error: { code: keyof typeof ERROR_KINDS; message: string } };
  expect(ERROR_KINDS[error.code].http).toBe(answer.statusCode);
  expect(error.message).not.toBe('');
}

/** A valid request with one place of it replaced by anything. */
const almostValid = fc
  .tuple(
    fc.constantFrom(
      'user_id',
      'decision_id',
      'requested_at_ms',
      'utc_offset_min',
      'candidates',
      'tip_id',
      'priority',
      'task_age_days',
      'is_overdue',
      'source',
    ),
    fc.jsonValue(),
  )
  .map(([field, value]) => {
    const candidate = SCORE_REQUEST.candidates[0]!;
    return field in candidate || field === 'source'
      ? { ...SCORE_REQUEST, candidates: [{ ...candidate, [field]: value }] }
      : { ...SCORE_REQUEST, [field]: value };
  });

describe('whatever is sent, the answer is never a 500', () => {
  it('JSON values to /score', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(almostValid, fc.jsonValue(), fc.object({ withNullPrototype: false })), async (value) => {
        expectNoFailure(
          await server.inject({
            method: 'POST',
            url: '/score',
            payload: JSON.stringify(value) ?? 'null',
            headers: { 'content-type': 'application/json' },
          }),
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('bytes to every POST', async () => {
    const types = fc.constantFrom('application/json', 'application/x-ndjson', 'text/plain', 'application/json; charset=utf-16', ';', 'x/y');
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom('/score', '/v1/events', '/v1/events?atomic=true', '/v1/lag'),
        types,
        async (bytes, url, type) => {
          expectNoFailure(await server.inject({ method: 'POST', url, payload: Buffer.from(bytes), headers: { 'content-type': type } }));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('paths and queries', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const raw = fc.string({ unit: fc.constantFrom(...'/%?&=#;:.{}*aF0+2\\"\'<>'), maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(text.map(encodeURIComponent), raw), fc.oneof(text.map(encodeURIComponent), raw), async (segment, query) => {
        expectNoFailure(await server.inject({ method: 'GET', url: `/v1/profiles/${segment}?as_of_ms=${query}` }));
      }),
      { numRuns: RUNS },
    );
  });

  it('ids: those that events allow are found, all others are refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 140 }), async (userId) => {
        const path = encodeURIComponent(userId);
        fc.pre(!/^\.{1,2}$/.test(userId)); // the test client's URL parser resolves these
        const answer = await server.inject(`/v1/profiles/${path}`);
        expect(answer.statusCode).toBe(['nobody', 'elsewhere'].includes(userId) ? answer.statusCode : isId(userId) ? 200 : 400);
        if (answer.statusCode === 200) expect(answer.json<{ user_id: string }>().user_id).toBe(userId);
      }),
      { numRuns: RUNS },
    );
  });
});
