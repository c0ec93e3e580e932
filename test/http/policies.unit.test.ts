import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { fakeApplication, SCORE_REQUEST } from '../support/fake-application.js';

const JSON_TYPE = { 'content-type': 'application/json' };
async function post(url: string, body: object) {
  const application = fakeApplication();
  const answer = await buildServer(application, { host: '127.0.0.1' }).inject({
    method: 'POST',
    url,
    payload: JSON.stringify(body),
    headers: JSON_TYPE,
  });
  return { status: answer.statusCode, body: answer.json() as Record<string, unknown>, calls: application.calls };
}
const get = async (url: string) => {
  const answer = await buildServer(fakeApplication(), { host: '127.0.0.1' }).inject({ method: 'GET', url });
  return { status: answer.statusCode, body: answer.json() as Record<string, unknown> };
};

describe('a path a policy', () => {
  it.each([
    ['/score/egreedy/v1', 'egreedy-v1'],
    ['/score/egreedy/v2', 'egreedy-v2'],
    ['/score/linucb', 'linucb'],
  ])('POST %s asks %s, with the features given', async (url, policy) => {
    const profile = { completion_rate_30d: 0.5, preferred_category: null };
    const { status, calls } = await post(url, { ...SCORE_REQUEST, profile_features: profile });
    expect(status).toBe(200);
    expect(calls).toEqual([
      [
        'score',
        expect.objectContaining({
          user_id: SCORE_REQUEST.user_id,
          profile_features: expect.objectContaining({ completion_rate_30d: 0.5 }) as object,
        }),
        policy,
      ],
    ]);
  });

  it('POST /score asks the live policy', async () => {
    expect((await post('/score', SCORE_REQUEST)).calls[0]).toHaveLength(2);
  });

  it.each([
    [{ user_id: 'u', tip_id: 't', action: 'done' }, 'done'],
    [{ user_id: 'u', tip_id: 't', reward: 1 }, 'done'],
    [{ user_id: 'u', tip_id: 't', reward: 0 }, 'dismiss'],
    [{ user_id: 'u', tip_id: 't', action: 'snooze', reward: null }, 'snooze'],
  ])('POST /reward takes %j', async (body, action) => {
    expect(await post('/reward/egreedy/v1', body)).toMatchObject({ status: 200, body: { action, appended: { topic: 'tip.feedback' } } });
  });

  it.each([
    { user_id: 'u', tip_id: 't' },
    { user_id: 'u', tip_id: 't', action: 'done', reward: 1 },
    { user_id: 'u', tip_id: 't', reward: 2 },
    { user_id: 'u', action: 'done' },
  ])('POST /reward refuses %j', async (body) => {
    expect(await post('/reward/egreedy/v2', body)).toMatchObject({ status: 400, body: { error: { code: 'invalid_argument' } } });
  });

  it('GET /stats answers for one user or for all', async () => {
    expect(await get('/stats/egreedy/v2?user_id=%C3%A9')).toMatchObject({
      status: 200,
      body: { policy: 'egreedy-v2', user: { user_id: 'é', updates: 3 } },
    });
    expect(await get('/stats/egreedy/v1')).toMatchObject({ status: 200, body: { policy: 'egreedy-v1', all: { decisions: 9 } } });
    expect((await get('/stats/egreedy/v9')).status).toBe(404);
  });

  it('POST /reset names the user', async () => {
    expect(await post('/reset', { user_id: 'ana' })).toMatchObject({ status: 200, body: { user_id: 'ana', control_id: 'reset-1' } });
    expect((await post('/reset', {})).status).toBe(400);
  });
});
