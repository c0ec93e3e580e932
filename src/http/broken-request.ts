/**
 * What Node's parser does not hand on as a request: what it cannot read as HTTP, methods that it does not know, and CONNECT. The answer is
 * written by hand, in the same form as any other.
 */
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { ERROR_KINDS, TipstreamError } from '../errors.js';
import { SECURITY_HEADERS } from './access.js';
import { errorBody } from './error-answer.js';

/** As the error has them that Node emits. */
interface ClientError extends Error {
  readonly code?: string | undefined;
  /** A buffer: what came last from the socket. */
  readonly rawPacket?: unknown;
}

interface Refusal {
  readonly status: number;
  readonly error: TipstreamError;
}

const invalid = (status: number, message: string): Refusal => ({ status, error: new TipstreamError('invalid_argument', message) });

const REFUSALS: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: invalid(431, 'the request line and headers are too long'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: {
    status: 413,
    error: new TipstreamError('payload_too_large', 'the chunk extensions are too long'),
  },
  ERR_HTTP_REQUEST_TIMEOUT: invalid(408, 'the request did not arrive in time'),
};

/** Of the routes: no path takes another. */
const ALLOWED = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS'];
/** The beginning of a request, up to its target. */
const METHOD = /^([!#$%&'*+.^_`|~\w-]{1,40}) (?:\/|\*|https?:)/;

export function answerBrokenRequest(error: ClientError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) socket.destroy();
  else answer(socket, refusalOf(error));
}

/** A proxy's method, which Node would answer by closing the connection. */
export function refuseConnect(server: Server): void {
  server.on('connect', ({ method }: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy());
    answer(socket, unknownMethod(method ?? 'CONNECT'));
  });
}

function refusalOf({ code = '', rawPacket }: ClientError): Refusal {
  const begins = Buffer.isBuffer(rawPacket) ? rawPacket.subarray(0, 100).toString('latin1') : '';
  const method = code === 'HPE_INVALID_METHOD' ? METHOD.exec(begins)?.[1] : undefined;
  if (method !== undefined) return unknownMethod(method);
  return REFUSALS[code] ?? invalid(400, 'the request is not well-formed HTTP/1.1');
}

function unknownMethod(method: string): Refusal {
  const error = new TipstreamError('method_not_allowed', `no path takes ${method}`, { details: { allowed: ALLOWED } });
  return { status: ERROR_KINDS.method_not_allowed.http, error };
}

function answer(socket: Duplex, { status, error }: Refusal): void {
  const body = JSON.stringify(errorBody(error));
  const headers = {
    ...SECURITY_HEADERS,
    ...(error.code === 'method_not_allowed' ? { allow: ALLOWED.join(', ') } : {}),
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
}
