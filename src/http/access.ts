/**
 * Who may call. On loopback everybody on the machine may, but no web page from elsewhere: a page that has its own name resolve to 127.0.0.1
 * (DNS rebinding) still sends that name as Host. Anywhere else, or where there are tokens, a bearer token decides, by its role; a
 * rebinding page does not have one.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { TipstreamError } from '../errors.js';
import { GUARDED_TOPICS, type TopicName } from '../topics.js';
import { includesRole, rolesFrom, type Caller, type Role, type Tokens } from './tokens.js';

/** localhost, 127.0.0.0/8, ::1 (brackets allowed) and their IPv4-mapped forms. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/^::ffff:(?=\d+\.)/, '');
  if (name === 'localhost' || name === 'localhost.') return true;
  return isIP(name) === 4 ? name.startsWith('127.') : /^(0{0,4}:){2,7}0{0,3}1$/.test(name) && isIP(name) === 6;
}

/** Throws invalid_argument where the service would be open to the network. */
export function checkExposure(host: string, hasTokens: boolean): void {
  if (hasTokens || isLoopback(host)) return;
  throw new TipstreamError(
    'invalid_argument',
    `serving HTTP on ${host === '' ? 'all addresses' : host} needs a token, since others can reach it`,
    {
      hint: 'Set --http-token or TIPSTREAM_HTTP_TOKEN, or --http-tokens, or listen on 127.0.0.1.',
    },
  );
}

/** Without tokens: whoever is on the machine, who has the command line for the rest. */
export const ANYBODY_HERE: Caller = { name: null, role: 'operate' };

/** Given the Authorization header: whose token it carries. Throws unauthorized. */
export function callerOf(authorization: string | undefined, tokens: Tokens): Caller {
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  const caller = given === undefined ? undefined : tokens.callerWith(given);
  if (caller !== undefined) return caller;
  throw new TipstreamError(
    'unauthorized',
    given === undefined ? 'this route needs a bearer token' : 'the bearer token is none that the service takes',
    { hint: 'Send the header Authorization: Bearer TOKEN, with a token of --http-token or --http-tokens.' },
  );
}

/** Throws forbidden, which names the role that is needed. */
export function checkRole({ name, role }: Caller, needed: Role): void {
  if (includesRole(role, needed)) return;
  const who = name === null ? 'without tokens, callers have' : `the token ${JSON.stringify(name)} has`;
  throw new TipstreamError('forbidden', `this needs the role ${needed}, and ${who} the role ${role}`, {
    hint: `Ask with a token of the role ${rolesFrom(needed)}.`,
    details: { needed, role },
  });
}

/** Topics that the caller may not write; undefined: none. */
export function closedTopicsOf(caller: Caller | null): readonly TopicName[] | undefined {
  return caller !== null && includesRole(caller.role, 'own') ? undefined : GUARDED_TOPICS;
}

/** Given the Host header, throws forbidden unless it names this machine. HTTP/1.0 clients send none; browsers always do. */
export function checkHost(host: string | undefined): void {
  if (host === undefined || isLoopback(host.replace(/:\d*$/, ''))) return;
  throw new TipstreamError('forbidden', 'the Host header names another machine, but the service answers on loopback only', {
    hint: 'Call it as localhost or 127.0.0.1; to serve it under another name, set --http-token or TIPSTREAM_HTTP_TOKEN.',
  });
}

/**
 * Throws forbidden when a page of another origin asks. Browsers say where a request comes from, in Sec-Fetch-Site or at least in Origin;
 * programs send neither.
 */
export function checkOrigin({ host, origin, 'sec-fetch-site': site }: IncomingHttpHeaders): void {
  if (site === undefined ? origin === undefined || isOriginOf(origin, host) : site === 'same-origin' || site === 'none') return;
  throw new TipstreamError('forbidden', 'a page of another origin may not change anything here', {
    hint: 'Call it from a page of this address, or from a program. A proxy in front must pass the Host header on.',
  });
}

function isOriginOf(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const { protocol, host: theirs } = new URL(origin);
  // Read in the same way, since either may leave out the port that the protocol implies.
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === theirs;
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
