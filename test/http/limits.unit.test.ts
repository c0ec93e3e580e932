/** How often a caller may ask, how often an address may try tokens, and how many connections there may be. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { startHttp } from '../../src/http/start.js';
import { Tokens } from '../../src/http/tokens.js';
import { fakeApplication } from '../support/fake-application.js';
import { loggedLines } from '../support/logged-lines.js';

const TOKENS = Tokens.parse('read ana ana-token-0123456789\nown bo bo-token-0123456789a', 'the list');
const as = (token: string) => ({ authorization: `Bearer ${token}` });
const guarded = (requestsPerSecond = 3) => buildServer(fakeApplication(), { host: '0.0.0.0', tokens: () => TOKENS, requestsPerSecond });

describe('requests of one caller', () => {
  it('are refused beyond the limit with 429 and the time to wait, and those of another caller are not', async () => {
    const server = guarded();
    const ask = (token: string) => server.inject({ url: '/v1/lag', headers: as(token) });
    await server.ready();
    const answers = await Promise.all([1, 2, 3, 4].map(() => ask('ana-token-0123456789')));
    expect(answers.map(({ statusCode }) => statusCode).toSorted()).toEqual([200, 200, 200, 429]);
    const refused = answers.find(({ statusCode }) => statusCode === 429)!;
    expect(refused.headers['retry-after']).toBe('1');
    expect(refused.json()).toMatchObject({
      error: {
        code: 'too_many_requests',
        message: 'this caller has asked more than 3 times within a second',
        details: { retry_after_s: 1 },
      },
    });
    expect((await ask('bo-token-0123456789a')).statusCode).toBe(200);
    await delay(1_050);
    expect((await ask('ana-token-0123456789')).statusCode).toBe(200);
  });

  it('are counted by address where there are no tokens, and never where they are probes or pages', async () => {
    const server = buildServer(fakeApplication(), { host: '127.0.0.1', requestsPerSecond: 2 });
    const ask = async (url: string, remoteAddress = '127.0.0.1') => (await server.inject({ url, remoteAddress })).statusCode;
    await server.ready();
    const asked = ['127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.2'].map((address) => ask('/v1/lag', address));
    expect((await Promise.all(asked)).toSorted()).toEqual([200, 200, 200, 429]);
    expect([await ask('/livez'), await ask('/readyz')]).toEqual([200, 200]);
  });

  it('are as many as there come with 0', async () => {
    const server = guarded(0);
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => server.inject({ url: '/v1/lag', headers: as('bo-token-0123456789a') })),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200]));
  });
});

describe('wrong tokens', () => {
  it('are 401 ten times in ten seconds from one address, and 429 then; the right one still gets in', async () => {
    const server = guarded(0);
    const guess = async (token: string, remoteAddress = '192.0.2.1') =>
      (await server.inject({ url: '/v1/lag', headers: as(token), remoteAddress })).statusCode;
    const statuses = [];
    for (let attempt = 0; attempt < 12; attempt++) statuses.push(await guess(`guess-number-${attempt}-of-many`));
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect(await guess('ana-token-0123456789')).toBe(200);
    expect(await guess('guess-from-elsewhere', '192.0.2.2')).toBe(401);
  });

  it('are not those that nobody presented: many tabs that wait for their token lock nobody out', async () => {
    const server = guarded(0);
    const ask = async (headers: Record<string, string>) =>
      (await server.inject({ url: '/v1/lag', headers, remoteAddress: '192.0.2.1' })).statusCode;
    for (let request = 0; request < 50; request++) expect(await ask({})).toBe(401);
    expect(await ask(as('a-guess-after-all-of-them'))).toBe(401);
    const others = [];
    for (let attempt = 0; attempt < 11; attempt++) others.push(await ask({ authorization: `Basic number-${attempt}` }));
    expect(others).toEqual([...Array<number>(9).fill(401), 429, 429]);
  });
});

describe('connections', () => {
  it('beyond the limit are closed at once, and the log says so', async () => {
    const { logger, lines } = loggedLines();
    const http = await startHttp(fakeApplication(), { host: '127.0.0.1', port: 0, maxConnections: 2, logger });
    onTestFinished(() => http.close());
    const open = async (): Promise<Socket> => {
      const socket = connect(Number(new URL(http.address).port), '127.0.0.1');
      onTestFinished(() => void socket.destroy());
      await once(socket, 'connect');
      return socket;
    };
    const kept = [await open(), await open()];
    const third = await open();
    await once(third.resume(), 'close');
    const warnings = () => lines.filter(({ level }) => level === 40);
    await expect
      .poll(warnings)
      .toMatchObject([{ msg: 'HTTP connections beyond --http-connections were closed', connections: 2, closed: 1 }]);
    kept[0]!.write('GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n');
    const [answer] = (await once(kept[0]!, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });
});
