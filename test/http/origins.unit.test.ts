import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { startHttp } from '../../src/http/start.js';
import { SCORE_REQUEST, fakeApplication } from '../support/fake-application.js';
import { connectTo } from '../support/raw-request.js';

describe('changes', () => {
  const application = fakeApplication();
  const server = buildServer(application, { host: '127.0.0.1' });
  const post = (headers: Record<string, string>) =>
    server.inject({ method: 'POST', url: '/score', headers: { host: 'localhost:8080', ...headers }, payload: SCORE_REQUEST });

  it.each([
    {},
    { origin: 'http://localhost:8080' },
    { origin: 'http://localhost', host: 'localhost:80' },
    { origin: 'https://tips.example', 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
  ])('are made for programs and for pages of this address: %j', async (headers) => {
    expect((await post(headers)).statusCode).toBe(200);
  });

  it.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'http://localhost:8080' },
    { origin: 'http://localhost:8081' },
    { origin: 'http://elsewhere.example' },
    { origin: 'null' },
    { origin: 'nonsense' },
  ])('are refused to pages from elsewhere: %j', async (headers) => {
    const before = application.calls.length;
    for (const answer of [await post(headers), await server.inject({ method: 'DELETE', url: '/v1/rebuilds/x', headers })]) {
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({
        error: { code: 'forbidden', message: 'a page of another origin may not change anything here' },
      });
    }
    expect(application.calls.length).toBe(before);
    expect((await server.inject({ url: '/v1/lag', headers: { ...headers, host: 'localhost:8080' } })).statusCode).toBe(200);
  });
});

describe('a body that is refused', () => {
  it.each([
    ['without a token', '/v1/events', 'Content-Type: application/x-ndjson', 401],
    ['from another origin', '/v1/events', 'Content-Type: application/x-ndjson\r\nOrigin: http://elsewhere.example', 403],
    ['that is too large', '/score', `Content-Type: application/json\r\nAuthorization: Bearer ${'t'.repeat(16)}`, 413],
    ['of another type', '/score', `Content-Type: text/plain\r\nAuthorization: Bearer ${'t'.repeat(16)}`, 415],
  ])('%s is not read to its end', async (_why, path, headers, status) => {
    const http = await startHttp(fakeApplication(), { host: '127.0.0.1', port: 0, token: 't'.repeat(16) });
    try {
      const socket = connectTo(http.address);
      let answer = '';
      let isClosed = false;
      socket.on('data', (bytes: Buffer) => (answer += bytes.toString()));
      socket.on('error', () => undefined);
      socket.on('close', () => (isClosed = true));
      socket.write(`POST ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\nContent-Length: 1000000000\r\n\r\n`);
      for (const until = performance.now() + 20_000; !isClosed && performance.now() < until; await delay(5)) socket.write('x\n');
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*\r\nconnection: close\r\n`));
      expect(isClosed).toBe(true);
    } finally {
      await http.close();
    }
  });
});
