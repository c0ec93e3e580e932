/**
 * Who may call. On loopback everybody on the machine may, but no web page from elsewhere: a page that has its own name resolve to 127.0.0.1
 * (DNS rebinding) still sends that name as Host. Anywhere else, or when one is set, a bearer token decides; a rebinding page does not
 * have it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { TipstreamError } from '../errors.js';

/** localhost, 127.0.0.0/8, ::1 (brackets allowed) and their IPv4-mapped forms. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '');
  if (name === 'localhost' || name === 'localhost.') return true;
  return isIP(name) === 4 ? name.startsWith('127.') : /^(0{0,4}:){2,7}0{0,3}1$/.test(name) && isIP(name) === 6;
}

/** Throws invalid_argument where the service would be open to the network, or where the token cannot travel in a header. */
export function checkExposure(host: string, token: string | undefined): void {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new TipstreamError('invalid_argument', 'the HTTP token must consist of visible ASCII characters, at least one and no spaces');
  }
  if (token === undefined && !isLoopback(host)) {
    throw new TipstreamError(
      'invalid_argument',
      `serving HTTP on ${host === '' ? 'all addresses' : host} needs a token, since others can reach it`,
      {
        hint: 'Set --http-token or TIPSTREAM_HTTP_TOKEN, or listen on 127.0.0.1.',
      },
    );
  }
}

/** Given the Authorization header, throws unauthorized unless it carries the token. */
export function bearerCheck(token: string): (authorization: string | undefined) => void {
  const expected = digest(token);
  return (authorization) => {
    const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    // Digests have one length, which timingSafeEqual asks for.
    if (given !== undefined && timingSafeEqual(digest(given), expected)) return;
    throw new TipstreamError(
      'unauthorized',
      given === undefined ? 'this route needs a bearer token' : 'the bearer token is not the one that the service was started with',
      {
        hint: 'Send the header Authorization: Bearer TOKEN, with the token of --http-token or TIPSTREAM_HTTP_TOKEN.',
      },
    );
  };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Given the Host header, throws forbidden unless it names this machine. HTTP/1.0 clients send none; browsers always do. */
export function checkHost(host: string | undefined): void {
  if (host === undefined || isLoopback(host.replace(/:\d*$/, ''))) return;
  throw new TipstreamError('forbidden', 'the Host header names another machine, but the service answers on loopback only', {
    hint: 'Call it as localhost or 127.0.0.1; to serve it under another name, set --http-token or TIPSTREAM_HTTP_TOKEN.',
  });
}

/**
 * On every answer. The page loads its own files only and is framed by nobody; nothing is sniffed or shared with other origins, nor
 * cached, but for files whose names change with their content.
 */
export const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;
