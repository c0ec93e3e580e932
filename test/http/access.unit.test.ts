import { describe, expect, it } from 'vitest';
import { checkExposure, isLoopback } from '../../src/http/access.js';
import { builtPages } from '../../src/http/pages.js';
import { buildServer } from '../../src/http/server.js';
import { Tokens } from '../../src/http/tokens.js';
import { SCORE_REQUEST, fakeApplication } from '../support/fake-application.js';

const DATA = ['/v1/profiles/ana', '/v1/lag', '/v1/status', '/metrics', '/openapi.json', '/nothing'];
const SHELLS = ['/', '/admin/policies'];
const OPEN = ['/livez', '/readyz', ...SHELLS, builtPages().assets[0]!.path];

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', 'localhost.', '127.0.0.1', '127.255.0.3', '::1', '[::1]', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])(
    '%s is',
    (host) => expect(isLoopback(host)).toBe(true),
  );
  it.each([
    '',
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '192.168.1.4',
    'example.org',
    'localhost.example.org',
    '127.0.0.1.example.org',
    '127.evil',
    '128.0.0.1',
    '::2',
    '1::1',
    '[::]',
    '::ffff:10.0.0.1',
    '127.0.0.1@evil',
    '2130706433',
  ])('%s is not', (host) => expect(isLoopback(host)).toBe(false));
});

describe('checkExposure', () => {
  it('wants a token for every host but loopback, and says how to give one', () => {
    expect(() => checkExposure('0.0.0.0', false)).toThrow(
      expect.objectContaining({ code: 'invalid_argument', hint: expect.stringMatching(/--http-token or TIPSTREAM_HTTP_TOKEN/) as string }),
    );
    expect(() => checkExposure('0.0.0.0', true)).not.toThrow();
    expect(() => checkExposure('127.0.0.1', false)).not.toThrow();
  });
});

describe('with a token', () => {
  const serve = () => buildServer(fakeApplication(), { host: '0.0.0.0', tokens: () => Tokens.ofOwner('s3cret-Token-of-20-c') });
  const bearer = (text: string) => ({ authorization: text });

  it.each(DATA)('%s is 401 without it', async (url) => {
    const answer = await serve().inject(url);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json()).toMatchObject({
      error: { code: 'unauthorized', details: { hint: expect.stringContaining('Authorization: Bearer') as string } },
    });
  });

  it.each(['/score', '/v1/events'])('POST %s is 401 without it, before the body is read', async (url) => {
    const application = fakeApplication();
    const server = buildServer(application, { host: '127.0.0.1', tokens: () => Tokens.ofOwner('s3cret-Token-of-20-c') });
    expect((await server.inject({ method: 'POST', url, payload: SCORE_REQUEST })).statusCode).toBe(401);
    expect((await server.inject({ method: 'DELETE', url })).statusCode).toBe(401);
    expect(application.calls).toEqual([]);
  });

  it.each([
    'Bearer wrong',
    'Bearer ',
    'Bearer',
    's3cret-Token-of-20-c',
    'Basic czNjcmV0',
    'Bearer s3cret-token-of-20-c',
    'Bearer s3cret-Token-of-20-cc',
    'Bearer s3cret-Token-of-20-',
    'Bearer s3cret-Token-of-20-c s3cret-Token-of-20-c',
    'Bearer s3cret-Token-of-20-c, x',
    'Bearer 🦊',
  ])('%j does not do', async (header) => {
    expect((await serve().inject({ url: '/v1/lag', headers: bearer(header) })).statusCode).toBe(401);
  });

  it('does not take it from the query', async () => {
    expect((await serve().inject('/v1/lag?token=s3cret-Token-of-20-c')).statusCode).toBe(401);
  });

  it.each(['Bearer s3cret-Token-of-20-c', 'bearer s3cret-Token-of-20-c', 'Bearer  s3cret-Token-of-20-c '])('%j opens', async (header) => {
    expect((await serve().inject({ url: '/v1/lag', headers: bearer(header) })).statusCode).toBe(200);
  });

  it.each(OPEN)('%s is open', async (url) => {
    expect((await serve().inject(url)).statusCode).toBe(200);
  });

  it('any Host may be named: a page that rebinds does not have the token', async () => {
    expect(
      (await serve().inject({ url: '/v1/lag', headers: { ...bearer('Bearer s3cret-Token-of-20-c'), host: 'tips.example.org' } }))
        .statusCode,
    ).toBe(200);
  });
});

describe('on loopback without a token', () => {
  const serve = () => buildServer(fakeApplication(), { host: '127.0.0.1' });

  it.each(['localhost', 'localhost:8080', '127.0.0.1:8080', '[::1]:8080', '[::1]', 'LocalHost:1', '127.0.0.2'])(
    'answers as %s',
    async (host) => {
      expect((await serve().inject({ url: '/v1/lag', headers: { host } })).statusCode).toBe(200);
    },
  );

  it.each([
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example:80',
    '10.0.0.1',
    '0.0.0.0:8080',
    'evil@localhost:80@evil',
  ])('refuses to answer as %s, on every route', async (host) => {
    for (const url of [...DATA, ...OPEN]) {
      const answer = await serve().inject({ url, headers: { host } });
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({
        error: { code: 'forbidden', details: { hint: expect.stringContaining('localhost') as string } },
      });
    }
  });
});

describe('security headers', () => {
  it.each([...DATA, ...OPEN, '/v1/profiles/%zz', '/v1/profiles/nobody'])('are on %s', async (url) => {
    const { headers } = await buildServer(fakeApplication(), { host: '127.0.0.1' }).inject(url);
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': url.startsWith('/page/') ? 'public, max-age=31536000, immutable' : SHELLS.includes(url) ? 'no-cache' : 'no-store',
    });
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers['x-powered-by']).toBeUndefined();
  });
});
