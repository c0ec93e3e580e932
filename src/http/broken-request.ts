/** What Node's parser cannot read as HTTP never becomes a request; its answer is written by hand, in the same form as any other. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { TipstreamError } from '../errors.js';
import { SECURITY_HEADERS } from './access.js';
import { errorBody } from './error-answer.js';

const STATUS_BY_CODE: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  HPE_HEADER_OVERFLOW: { status: 431, message: 'the request line and headers are too long' },
  HPE_CHUNK_EXTENSIONS_OVERFLOW: { status: 413, message: 'the chunk extensions are too long' },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, message: 'the request did not arrive in time' },
};

export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const { status, message } = STATUS_BY_CODE[error.code ?? ''] ?? { status: 400, message: 'the request is not well-formed HTTP/1.1' };
  const body = JSON.stringify(errorBody(new TipstreamError(status === 413 ? 'payload_too_large' : 'invalid_argument', message)));
  const headers = {
    ...SECURITY_HEADERS,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n${body}`);
}
