import { createServer, type Server } from 'node:net';
import { Agent } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { startHttp, type HttpOptions, type HttpServer } from '../../src/http/start.js';
import type { Application } from '../../src/service/application.js';
import { fakeApplication, scoreResponse, SCORE_REQUEST } from '../support/fake-application.js';
import { connectTo, rawBytes, rawRequest } from '../support/raw-request.js';

const opened: HttpServer[] = [];
afterEach(async () => {
  for (const http of opened.splice(0)) await http.close();
});

async function start(options: Partial<HttpOptions> = {}, over: Partial<Application> = {}) {
  const application = fakeApplication(over);
  const http = await startHttp(application, { host: '127.0.0.1', port: 0, ...options });
  opened.push(http);
  return { application, http, address: http.address };
}

describe('startHttp', () => {
  it('takes a free port and says which', async () => {
    const { address } = await start();
    expect(address).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d+$/);
    expect(await (await fetch(`${address}/livez`)).json()).toEqual({ live: true });
  });

  it.each(['::1', '[::1]'])('listens on %s', async (host) => {
    const { address } = await start({ host });
    expect(address).toMatch(/^http:\/\/\[::1\]:\d+$/);
    expect((await fetch(`${address}/livez`)).status).toBe(200);
  });

  it('needs a token anywhere else', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: expect.stringContaining('TIPSTREAM_HTTP_TOKEN') as string,
    });
  });

  it('says so when the port is taken', async () => {
    const other = await new Promise<Server>((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
    });
    try {
      const { port } = other.address() as { port: number };
      await expect(start({ port })).rejects.toMatchObject({
        code: 'address_in_use',
        message: `another program listens on 127.0.0.1:${port} already`,
        hint: expect.stringMatching(/--http HOST:PORT.*--no-http/) as string,
      });
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });

  it('says so when the host is no address of this machine', async () => {
    await expect(start({ host: 'tipstream.invalid', token: 'long-enough-a-token' })).rejects.toMatchObject({
      code: 'invalid_argument',
      details: { host: 'tipstream.invalid' },
    });
  });

  it('close lets a request under way finish, and then nothing listens', async () => {
    let finish!: () => void;
    let began!: () => void;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const { http, address } = await start(
      {},
      {
        score: (request) =>
          new Promise((resolve) => {
            finish = () => resolve(scoreResponse(request));
            began();
          }),
      },
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const answer = rawRequest(address, {
      method: 'POST',
      path: '/score',
      headers: { 'content-type': 'application/json' },
      body: [JSON.stringify(SCORE_REQUEST)],
      agent,
    });
    await begun;
    const closed = http.close();
    finish();
    expect((await answer).status).toBe(200);
    await closed;
    await expect(rawRequest(address, { path: '/livez' })).rejects.toThrow('ECONNREFUSED');
    agent.destroy();
  });
});

describe('close', () => {
  it('cuts what does not finish in time', async () => {
    let began!: () => void;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const { http, address } = await start({ closeGraceMs: 50 }, { score: () => new Promise(() => began()) });
    const answer = rawRequest(address, {
      method: 'POST',
      path: '/score',
      headers: { 'content-type': 'application/json' },
      body: [JSON.stringify(SCORE_REQUEST)],
    });
    await begun;
    await Promise.all([http.close(), expect(answer).rejects.toThrow('socket hang up')]);
  });

  it('refuses requests that come after it on a connection that is still open', async () => {
    let began!: () => void;
    let finish!: () => void;
    const begun = new Promise<void>((resolve) => (began = resolve));
    const { http, address } = await start(
      {},
      {
        lag: () =>
          new Promise((resolve) => {
            finish = () => resolve([]);
            began();
          }),
      },
    );
    const socket = connectTo(address);
    const answers = text(socket);
    socket.write('GET /v1/lag HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await begun;
    const closed = http.close();
    socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n', () => setImmediate(finish));
    await closed;
    const statuses = (await answers).match(/HTTP\/1\.1 \d+/g);
    expect(statuses?.[0]).toBe('HTTP/1.1 200');
    if (statuses!.length > 1)
      expect(await answers).toMatch(/503[^]*\{"error":\{"code":"not_ready","message":"the service is shutting down"\}\}$/);
  });
});

describe('what arrives on the socket', () => {
  it.each(['.', '..', '%2e%2e', '%2E'])('the user %s is found where the client leaves the path as it is', async (path) => {
    const { application, address } = await start();
    expect((await rawRequest(address, { path: `/v1/profiles/${path}` })).status).toBe(200);
    expect(application.calls).toEqual([['profile', decodeURIComponent(path), undefined]]);
  });

  it.each([
    ['NONSENSE\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
    ['GET / HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    [`GET /v1/profiles/${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
    [
      'POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ' +
        '5\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
  ])('broken HTTP %#', async (bytes, status) => {
    const { address } = await start();
    const answer = await rawBytes(address, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const body = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    expect(JSON.parse(body)).toMatchObject({ error: { code: 'invalid_argument' } });
  });

  it.each([
    ['FOO /v1/lag HTTP/1.1\r\nHost: localhost\r\n\r\n', 'FOO'],
    ['get /v1/lag HTTP/1.1\r\nHost: localhost\r\n\r\n', 'get'],
    ['CONNECT /score HTTP/1.1\r\nHost: localhost\r\n\r\n', 'CONNECT'],
    ['CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n', 'CONNECT'],
  ])('a method that no path takes is 405 with Allow: %j', async (bytes, method) => {
    const { address } = await start();
    const answer = await rawBytes(address, bytes);
    expect(answer).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*\r\nallow: GET, HEAD, POST, DELETE, OPTIONS\r\n/);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4))).toMatchObject({
      error: { code: 'method_not_allowed', message: `no path takes ${method}` },
    });
  });

  it('an HTTP/1.0 client without Host is served', async () => {
    const { address } = await start();
    expect(await rawBytes(address, 'GET /livez HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 OK[^]*\{"live":true\}$/);
  });
});
