/** What the log says about requests: who changed something, who came without a valid token, and with --access-log every one. */
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import { fakeApplication } from '../support/fake-application.js';
import { loggedLines } from '../support/logged-lines.js';

const [OPERATOR, OWNER, WRONG] = ['operator-token-0123456789', 'owner-token-0123456789ab', 'wrong-token-0123456789ab'];
const TOKENS = Tokens.parse(`operate olga ${OPERATOR}\nown otto ${OWNER}`, 'the list');

function serve(options: { readonly accessLog?: boolean; readonly tokens?: null } = {}) {
  const { logger, lines } = loggedLines();
  const application = fakeApplication();
  const tokens = options.tokens === null ? undefined : () => TOKENS;
  const server = buildServer(application, { host: '127.0.0.1', tokens, logger, accessLog: options.accessLog });
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, token: string | null, payload?: object) =>
    server.inject({ method, url, headers: token === null ? {} : { authorization: `Bearer ${token}` }, ...(payload && { payload }) });
  return { ask, lines, server };
}

const facts = ({ time: _time, pid: _pid, hostname: _hostname, reqId: _reqId, ...line }: Readonly<Record<string, unknown>>) => line;

describe('a change', () => {
  it('is logged with who asked for it, how it ended and which job does it, and without the user', async () => {
    const { ask, lines } = serve();
    await ask('POST', '/v1/profiles/ana-the-user/rebuild', OPERATOR);
    await ask('POST', '/reset', OWNER, { user_id: 'ana-the-user' });
    expect(lines.map(facts)).toEqual([
      {
        level: 30,
        msg: 'a change was asked for over HTTP',
        operation: 'rebuildProfile',
        method: 'POST',
        path: '/v1/profiles/:user_id/rebuild',
        status: 202,
        by: 'olga',
        role: 'operate',
        job_id: expect.any(String) as string,
      },
      {
        level: 30,
        msg: 'a change was asked for over HTTP',
        operation: 'resetUser',
        method: 'POST',
        path: '/reset',
        status: 200,
        by: 'otto',
        role: 'own',
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('ana-the-user');
  });

  it('that is refused is logged too', async () => {
    const { ask, lines } = serve();
    await ask('DELETE', '/v1/rebuilds/nothing', OPERATOR);
    expect(lines).toMatchObject([{ operation: 'cancelRebuild', status: expect.any(Number) as number, by: 'olga', job_id: 'nothing' }]);
  });

  it('by events is one of an owner, who may write controls; an operator may not', async () => {
    const { lines, server } = serve();
    const produce = (token: string) =>
      server.inject({
        method: 'POST',
        url: '/v1/events',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' },
        payload: '{}\n',
      });
    await produce(OPERATOR);
    expect(lines).toEqual([]);
    await produce(OWNER);
    expect(lines).toMatchObject([{ operation: 'produceEvents', by: 'otto', role: 'own' }]);
  });

  it('without tokens is by nobody who is known', async () => {
    const { ask, lines } = serve({ tokens: null });
    await ask('POST', '/reset', null, { user_id: 'ana' });
    expect(lines).toMatchObject([{ operation: 'resetUser', by: null, role: 'operate' }]);
  });
});

describe('other requests', () => {
  it('are not logged, but for those without a valid token', async () => {
    const { ask, lines } = serve();
    await ask('GET', '/v1/lag', OPERATOR);
    await ask('GET', '/livez', null);
    await ask('GET', `/v1/profiles/ana-the-user?token=${WRONG}`, WRONG);
    expect(lines.map(facts)).toEqual([
      {
        level: 40,
        msg: 'a request without a valid token',
        operation: 'getProfile',
        method: 'GET',
        path: '/v1/profiles/:user_id',
        status: 401,
        from: '127.0.0.1',
      },
    ]);
  });

  it('are logged with the access log, with the route and the time', async () => {
    const { ask, lines } = serve({ accessLog: true });
    await ask('GET', '/v1/lag', OPERATOR);
    await ask('GET', '/v1/profiles/ana-the-user?as_of_ms=1', OPERATOR);
    await ask('GET', '/nowhere/ana-the-user', OPERATOR);
    const ms = expect.any(Number) as number;
    expect(lines).toMatchObject([
      { msg: 'request', method: 'GET', path: '/v1/lag', status: 200, by: 'olga', ms },
      { msg: 'request', path: '/v1/profiles/:user_id', ms },
      { msg: 'request', path: null, status: 404, ms },
    ]);
    const text = JSON.stringify(lines);
    for (const secret of ['ana-the-user', OPERATOR, OWNER, WRONG]) expect(text).not.toContain(secret);
  });
});
