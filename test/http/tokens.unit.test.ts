import { chmodSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { startHttp } from '../../src/http/start.js';
import { TokenFile } from '../../src/http/token-file.js';
import { Tokens, includesRole } from '../../src/http/tokens.js';
import { GUARDED_TOPICS } from '../../src/topics.js';
import { SCORE_REQUEST, fakeApplication } from '../support/fake-application.js';

const [READ, OPERATE, OWN] = ['r'.repeat(16), 'o'.repeat(16), 'w'.repeat(16)];
const LINES = `# who may do what\n\nread dashboards ${READ}\noperate on-call ${OPERATE}\r\n  own\tadmin   ${OWN}`;

describe('tokens', () => {
  it('are a line each, with a role and a name', () => {
    const tokens = Tokens.parse(LINES, 'tokens');
    expect(tokens.size).toBe(3);
    expect([READ, OPERATE, OWN].map((token) => tokens.callerWith(token))).toEqual([
      { name: 'dashboards', role: 'read' },
      { name: 'on-call', role: 'operate' },
      { name: 'admin', role: 'own' },
    ]);
    for (const other of ['', READ.slice(1), `${READ}r`, READ.toUpperCase(), '\u{1f600}']) expect(tokens.callerWith(other)).toBeUndefined();
  });

  it.each([
    ['', /^tokens has no token$/],
    ['# nothing\n', /has no token/],
    ['read x', /^line 1 of tokens is not ROLE NAME TOKEN$/],
    [`\nadmin x ${OWN}`, /^line 2 of tokens is not ROLE NAME TOKEN$/],
    [`read a/b ${OWN}`, /is not ROLE NAME TOKEN/],
    [`read a ${OWN} b`, /is not ROLE NAME TOKEN/],
    ['read a tooshort', /^the token in line 1 of tokens is shorter than 16 characters$/],
    [`read a ${OWN}\u00f6`, /must consist of visible ASCII/],
    [`read a ${OWN}\nown b ${OWN}`, /the token of "b" comes twice/],
    [`read a ${READ}\nown a ${OWN}`, /the token of "a" comes twice/],
  ])('refuse %j, and do not repeat it', (text, message) => {
    let refused: unknown;
    try {
      Tokens.parse(text, 'tokens');
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(message) as string });
    expect(JSON.stringify(refused) + String((refused as Error).message)).not.toContain(OWN);
  });

  it.each(['', ' ', 'two words of some length', 'geh\u00f6im-geh\u00f6im-geheim', 'tab-tab-tab-tab-tab\t', 'fifteen-letters'])(
    'start is refused with --http-token %j',
    async (token) => {
      await expect(startHttp(fakeApplication(), { host: '127.0.0.1', port: 0, token })).rejects.toMatchObject({ code: 'invalid_argument' });
    },
  );

  it('each role may do what those before it may', () => {
    const roles = ['read', 'operate', 'own'] as const;
    for (const [at, role] of roles.entries()) for (const [of, needed] of roles.entries()) expect(includesRole(role, needed)).toBe(at >= of);
  });
});

describe('roles', () => {
  const application = fakeApplication();
  const server = buildServer(application, { host: '0.0.0.0', tokens: () => Tokens.parse(LINES, 'tokens') });
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, token: string, payload?: object) =>
    server.inject({ method, url, headers: { authorization: `Bearer ${token}` }, ...(payload === undefined ? {} : { payload }) });

  it('read may read, many profiles too, and change nothing', async () => {
    for (const url of ['/v1/profiles/ana', '/v1/lag', '/v1/status', '/metrics']) expect((await ask('GET', url, READ)).statusCode).toBe(200);
    expect((await ask('POST', '/v1/profiles:batch', READ, { user_ids: ['ana'] })).statusCode).toBe(200);
    const before = application.calls.length;
    for (const [method, url, payload] of [
      ['POST', '/score', SCORE_REQUEST],
      ['POST', '/v1/events', {}],
      ['POST', '/reset', { user_id: 'ana' }],
      ['POST', '/v1/profiles/ana/rebuild', undefined],
      ['DELETE', '/v1/rebuilds/6f1cdd0c-8a35-4f52-9d3a-2f8d0f4c1a11', undefined],
    ] as const) {
      const answer = await ask(method, url, READ, payload);
      expect(answer.statusCode, url).toBe(403);
      expect(answer.json()).toEqual({
        error: {
          code: 'forbidden',
          message: 'this needs the role operate, and the token "dashboards" has the role read',
          details: { needed: 'operate', role: 'read', hint: 'Ask with a token of the role operate or own.' },
        },
      });
    }
    expect(application.calls.length).toBe(before);
    expect((await ask('POST', '/score', OPERATE, SCORE_REQUEST)).statusCode).toBe(200);
    expect((await ask('POST', '/score', OWN, SCORE_REQUEST)).statusCode).toBe(200);
    expect((await ask('GET', '/v1/lag', 'x'.repeat(16))).statusCode).toBe(401);
  });

  it.each([
    ['operate', OPERATE, GUARDED_TOPICS, 'on-call'],
    ['own', OWN, undefined, 'admin'],
  ])('%s: topics that POST /v1/events may not write, and whose events they are', async (_role, token, closedTopics, by) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/x-ndjson' };
    await server.inject({ method: 'POST', url: '/v1/events', headers, payload: '{}\n' });
    expect(application.calls.at(-1)).toEqual([
      'produce',
      expect.anything(),
      { atomic: false, closedTopics, by, onWritten: expect.any(Function) },
    ]);
  });

  it('without tokens nobody has the role own', async () => {
    const open = buildServer(application, { host: '127.0.0.1' });
    await open.inject({ method: 'POST', url: '/v1/events', headers: { 'content-type': 'application/x-ndjson' }, payload: '{}\n' });
    expect(application.calls.at(-1)).toEqual([
      'produce',
      expect.anything(),
      { atomic: false, closedTopics: GUARDED_TOPICS, onWritten: expect.any(Function) },
    ]);
  });

  it('a line that its caller may not write is 403, and the counts say what became of the others', async () => {
    const message = 'this caller may not write to policy.control';
    const errors = [
      { line: 1, code: 'invalid_event', message: 'wrong' },
      { line: 2, code: 'forbidden', message },
    ];
    const refusing = buildServer(fakeApplication({ produce: async () => ({ accepted: 3, rejected: 2, errors }) }), { host: '127.0.0.1' });
    const answer = await refusing.inject({ method: 'POST', url: '/v1/events', payload: {} });
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({
      accepted: 3,
      rejected: 2,
      errors,
      error: { code: 'forbidden', message: `2 of 5 lines were rejected; line 2: ${message}`, details: { needed: 'own' } },
    });
  });
});

describe('the file of tokens', () => {
  let directory: string;
  let path: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'tokens-'));
    path = join(directory, 'tokens');
    writeFileSync(path, LINES, { mode: 0o600 });
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));
  const logged: { level: number; msg: string }[] = [];
  const logger = pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as (typeof logged)[number]) });
  const replaceBy = (text: string, mode = 0o600): void => {
    writeFileSync(`${path}.new`, text, { mode });
    chmodSync(`${path}.new`, mode);
    renameSync(`${path}.new`, path);
  };

  it('is read again when it changes, and a bad one is said once and not used', async () => {
    const file = await TokenFile.open(path, { logger, beside: Tokens.ofOwner('m'.repeat(20)) });
    const names = () => [OPERATE, 'n'.repeat(16), 'm'.repeat(20)].map((token) => file.tokens.callerWith(token)?.name ?? null);
    expect(names()).toEqual(['on-call', null, 'own']);
    logged.length = 0;
    await file.look();
    expect(logged).toEqual([]);
    replaceBy(`operate new ${'n'.repeat(16)}`);
    await file.look();
    expect(names()).toEqual([null, 'new', 'own']);
    expect(logged).toMatchObject([{ level: 30, file: path, tokens: 2 }]);
    for (const spoil of [
      () => replaceBy('nonsense'),
      () => replaceBy(`read x ${READ}`, 0o644),
      () => replaceBy(`read own ${READ}`),
      () => rmSync(path),
    ]) {
      logged.length = 0;
      spoil();
      await file.look();
      await file.look();
      expect(names()).toEqual([null, 'new', 'own']);
      expect(logged).toMatchObject([{ level: 50, msg: expect.stringContaining('those read before stay valid') as string }]);
    }
    replaceBy(LINES);
    await file.look();
    expect(names()).toEqual(['on-call', null, 'own']);
  });

  it('may be read by its owner alone, and start says what to do', async () => {
    for (const mode of [0o644, 0o640, 0o602]) {
      chmodSync(path, mode);
      await expect(startHttp(fakeApplication(), { host: '127.0.0.1', port: 0, tokensFile: path })).rejects.toMatchObject({
        code: 'invalid_argument',
        message: `${path} is open to other users of the machine (mode 0${mode.toString(8)})`,
        hint: `Run chmod 600 ${path}.`,
      });
    }
    await expect(TokenFile.open(join(directory, 'none'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(TokenFile.open(directory)).rejects.toMatchObject({ code: expect.stringMatching(/not_found|invalid_argument/) as string });
  });

  it('lets in who has one of its tokens, or of the list, or the one of the owner', async () => {
    const http = await startHttp(fakeApplication(), {
      host: '127.0.0.1',
      port: 0,
      tokensFile: path,
      tokenList: `read list-a ${'a'.repeat(16)},operate list-b ${'b'.repeat(16)}`,
      token: 'm'.repeat(20),
    });
    try {
      const statusOf = async (token: string) =>
        (await fetch(`${http.address}/v1/lag`, { headers: { authorization: `Bearer ${token}` } })).status;
      for (const token of [READ, OPERATE, OWN, 'a'.repeat(16), 'b'.repeat(16), 'm'.repeat(20)]) expect(await statusOf(token)).toBe(200);
      expect(await statusOf('c'.repeat(16))).toBe(401);
    } finally {
      await http.close();
    }
  });
});
