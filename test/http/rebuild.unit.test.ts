import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import { rebuildJobSchema } from '../../src/http/schemas.js';
import { fakeApplication, REBUILD } from '../support/fake-application.js';

function serve(token?: string) {
  const application = fakeApplication();
  return {
    application,
    server: buildServer(application, { host: '127.0.0.1', tokens: token === undefined ? undefined : () => Tokens.ofOwner(token) }),
  };
}

const JOB_PATH = `/v1/rebuilds/${REBUILD.job_id}`;

const ANYBODY = { kind: 'loopback', role: 'operate' };

describe('POST /v1/profiles/{user_id}/rebuild', () => {
  it('answers 202 with the job, and where to look for it', async () => {
    const { application, server } = serve();
    const answer = await server.inject({ method: 'POST', url: '/v1/profiles/ana%2Fb/rebuild' });
    expect(answer.statusCode).toBe(202);
    expect(answer.headers['location']).toBe(JOB_PATH);
    expect(answer.json()).toMatchObject({
      job_id: REBUILD.job_id,
      user_id: 'ana/b',
      state: 'running',
      dry_run: false,
      progress: { done: 12_408, total: 12_408 },
      started_at_ms: REBUILD.started_at_ms,
    });
    expect(answer.json()).not.toHaveProperty('result');
    expect(rebuildJobSchema.parse(answer.json())).toEqual(answer.json());
    expect(application.calls).toEqual([['rebuildUser', 'ana/b', { dryRun: false, by: ANYBODY }]]);
  });

  it.each([
    ['', false],
    ['?dry_run=true', true],
    ['?dry_run', true],
    ['?dry_run=0', false],
  ])('takes %j', async (query, dryRun) => {
    const { application, server } = serve();
    expect((await server.inject({ method: 'POST', url: `/v1/profiles/ana/rebuild${query}` })).statusCode).toBe(202);
    expect(application.calls).toEqual([['rebuildUser', 'ana', { dryRun, by: ANYBODY }]]);
  });

  it('needs no body, and reads none', async () => {
    const { application, server } = serve();
    const json = { 'content-type': 'application/json' };
    for (const request of [{ headers: json }, { headers: json, payload: '{}' }, { headers: { ...json, 'content-length': '0' } }]) {
      expect(
        (await server.inject({ method: 'POST', url: '/v1/profiles/ana/rebuild', ...request })).statusCode,
        JSON.stringify(request),
      ).toBe(202);
    }
    expect(application.calls).toHaveLength(3);
  });

  it('is refused to pages of other origins, which can send neither JSON nor a POST without their origin', async () => {
    const { application, server } = serve();
    const refused = [
      [{ origin: 'http://elsewhere.example' }, 403],
      [{ 'sec-fetch-site': 'cross-site' }, 403],
      [{ 'content-type': 'application/x-www-form-urlencoded', origin: 'null' }, 403],
      [{ 'content-type': 'text/plain' }, 415],
    ] as const;
    for (const [headers, status] of refused)
      expect((await server.inject({ method: 'POST', url: '/v1/profiles/ana/rebuild', headers })).statusCode, JSON.stringify(headers)).toBe(
        status,
      );
    expect(application.calls).toEqual([]);
  });

  it('refuses what is no user, what it does not know, and says who owns a user', async () => {
    const { application, server } = serve();
    const post = async (url: string) => {
      const { statusCode, body } = await server.inject({ method: 'POST', url });
      return [statusCode, (JSON.parse(body) as { error: { code: string } }).error.code];
    };
    expect(await post('/v1/profiles/%00/rebuild')).toEqual([400, 'invalid_argument']);
    expect(await post('/v1/profiles/ana/rebuild?dry_run=perhaps')).toEqual([400, 'invalid_argument']);
    expect(await post('/v1/profiles/ana/rebuild?dryrun=true')).toEqual([400, 'invalid_argument']);
    expect(application.calls).toEqual([]);
    expect(await post('/v1/profiles/elsewhere/rebuild')).toEqual([421, 'not_owner']);
    const got = await server.inject('/v1/profiles/ana/rebuild');
    expect([got.statusCode, got.headers['allow']]).toEqual([405, 'POST']);
  });

  it('asks for the token where there is one', async () => {
    const { application, server } = serve('secret-and-long-enough');
    const post = (headers: Record<string, string>) => server.inject({ method: 'POST', url: '/v1/profiles/ana/rebuild', headers });
    expect((await post({})).statusCode).toBe(401);
    expect((await server.inject({ method: 'DELETE', url: JOB_PATH })).statusCode).toBe(401);
    expect(application.calls).toEqual([]);
    expect((await post({ authorization: 'Bearer secret-and-long-enough' })).statusCode).toBe(202);
  });
});

describe('/v1/rebuilds/{job_id}', () => {
  it('answers the job, and cancels it', async () => {
    const { application, server } = serve();
    const got = await server.inject(JOB_PATH);
    expect([got.statusCode, got.json()]).toEqual([200, REBUILD]);
    const deleted = await server.inject({ method: 'DELETE', url: JOB_PATH });
    expect(deleted.statusCode).toBe(200);
    expect(deleted.json()).toMatchObject({ job_id: REBUILD.job_id, state: 'cancelled' });
    expect(application.calls).toEqual([
      ['rebuildJob', REBUILD.job_id],
      ['cancelRebuild', REBUILD.job_id],
    ]);
  });

  it('knows no others, and takes nothing else', async () => {
    const { server } = serve();
    const unknown = '/v1/rebuilds/00000000-0000-4000-8000-000000000000';
    for (const method of ['GET', 'DELETE'] as const) {
      const answer = await server.inject({ method, url: unknown });
      expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([404, 'not_found']);
    }
    for (const url of ['/v1/rebuilds/none', `${JOB_PATH}?wait=true`]) expect((await server.inject(url)).statusCode).toBe(400);
    const posted = await server.inject({ method: 'POST', url: JOB_PATH });
    expect([posted.statusCode, posted.headers['allow']]).toEqual([405, 'GET, DELETE, HEAD']);
  });
});
