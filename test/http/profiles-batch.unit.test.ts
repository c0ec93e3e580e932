import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { NOW_MS, PROFILE, fakeApplication } from '../support/fake-application.js';

const application = fakeApplication();
const server = buildServer(application, { host: '127.0.0.1' });
const post = (payload: object) => server.inject({ method: 'POST', url: '/v1/profiles:batch', payload });

describe('POST /v1/profiles:batch', () => {
  it('answers every id, in order, known or not', async () => {
    const answer = await post({ user_ids: ['ana', 'nobody', 'bo/x', '\u{1f600}'], as_of_ms: NOW_MS - 1 });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({
      as_of_ms: NOW_MS - 1,
      feature_set: PROFILE.feature_set,
      profiles: [
        { user_id: 'ana', found: true, features: PROFILE.features },
        { user_id: 'nobody', found: false, features: null },
        { user_id: 'bo/x', found: true, features: PROFILE.features },
        { user_id: '\u{1f600}', found: true, features: PROFILE.features },
      ],
    });
    expect(application.calls.at(-1)!.slice(0, 3)).toEqual(['profiles', ['ana', 'nobody', 'bo/x', '\u{1f600}'], NOW_MS - 1]);
  });

  it('takes 1000 ids, and now where no time is given', async () => {
    const user_ids = Array.from({ length: 1_000 }, (_, i) => `user-${i}`);
    for (const payload of [{ user_ids }, { user_ids, as_of_ms: null }]) {
      expect((await post(payload)).json<{ profiles: object[] }>().profiles.length).toBe(1_000);
      expect(application.calls.at(-1)![2]).toBeUndefined();
    }
  });

  it.each([
    [{}, 'user_ids'],
    [{ user_ids: [] }, 'user_ids'],
    [{ user_ids: 'ana' }, 'user_ids'],
    [{ user_ids: ['ana', ''] }, 'user_ids[1]'],
    [{ user_ids: ['ana', 7] }, 'user_ids[1]'],
    [{ user_ids: Array.from({ length: 1_001 }, () => 'a') }, 'user_ids'],
    [{ user_ids: ['ana'], as_of_ms: -1 }, 'as_of_ms'],
    [{ user_ids: ['ana'], as_of_ms: '2026-01-01' }, 'as_of_ms'],
  ])('refuses %j by the name of %s', async (payload, name) => {
    const before = application.calls.length;
    const answer = await post(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({
      error: { code: 'invalid_argument', message: expect.stringContaining(`${name}: `) as string },
    });
    expect(application.calls.length).toBe(before);
  });

  it('is a path of its own: no user is called :batch, and the path takes POST alone', async () => {
    const wrong = await server.inject('/v1/profiles:batch');
    expect([wrong.statusCode, wrong.headers.allow]).toEqual([405, 'POST']);
    expect((await server.inject('/v1/profiles:other')).statusCode).toBe(404);
    expect((await server.inject('/v1/profiles/:batch')).json()).toMatchObject({ user_id: ':batch' });
  });
});
