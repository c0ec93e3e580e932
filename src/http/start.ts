/** Puts the HTTP server on a port, and takes it off again. */
import type { AddressInfo } from 'node:net';
import type { FastifyBaseLogger } from 'fastify';
import { TipstreamError } from '../errors.js';
import { checkExposure } from './access.js';
import { limitConnections } from './connection-limit.js';
import type { Application } from '../service/application.js';
import { buildServer } from './server.js';
import { TokenFile } from './token-file.js';
import { Tokens } from './tokens.js';

export interface HttpOptions {
  /** A name or an address, IPv6 with or without brackets; other than loopback it needs a token. */
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** One token of the role own. */
  readonly token?: string | undefined;
  /** Lines of ROLE NAME TOKEN. */
  readonly tokenList?: string | undefined;
  /** A file of such lines, read again when it changes. */
  readonly tokensFile?: string | undefined;
  /** Whether every request is logged, and not only changes and refusals. */
  readonly accessLog?: boolean | undefined;
  /** Requests a second that one caller may make; 0: as many as there come. */
  readonly requestsPerSecond?: number | undefined;
  /** Connections at a time; more are closed at once. Absent: as many as there come. */
  readonly maxConnections?: number | undefined;
  /** A pino instance; absent: nothing is logged. */
  readonly logger?: FastifyBaseLogger | undefined;
  /** How long close() lets requests finish; CLOSE_GRACE_MS unless given. */
  readonly closeGraceMs?: number | undefined;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port that was really taken. */
  readonly address: string;
  /** Refuses new requests, lets those under way finish for the grace time, then cuts them. */
  close(): Promise<void>;
}

const CLOSE_GRACE_MS = 5_000;

/** Throws invalid_argument for a host or token that would not be safe or cannot be listened on, address_in_use for a port that is taken. */
export async function startHttp(application: Application, options: HttpOptions): Promise<HttpServer> {
  const { port, logger, closeGraceMs = CLOSE_GRACE_MS } = options;
  const host = options.host.replace(/^\[(.*)\]$/, '$1');
  const { tokens, file } = await tokensOf(options);
  checkExposure(host, tokens !== undefined);
  const { accessLog, requestsPerSecond, maxConnections } = options;
  const server = buildServer(application, { host, tokens, logger, accessLog, requestsPerSecond });
  if (maxConnections !== undefined) limitConnections(server.server, maxConnections, logger);
  file?.watch();
  server.addHook('onClose', async () => file?.stop());
  try {
    await server.listen({ host, port });
  } catch (error) {
    await server.close();
    throw listenError(error, host, port);
  }
  const { port: taken } = server.server.address() as AddressInfo;
  return {
    address: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      const cut = setTimeout(() => server.server.closeAllConnections(), closeGraceMs);
      try {
        await server.close();
      } finally {
        clearTimeout(cut);
      }
    },
  };
}

/** All that were given, and the file that they partly came from. Throws invalid_argument, not_found. */
async function tokensOf({ token, tokenList, tokensFile, logger }: HttpOptions): Promise<{ tokens?: () => Tokens; file?: TokenFile }> {
  const given = [
    ...(token === undefined ? [] : [Tokens.ofOwner(token)]),
    ...(tokenList === undefined ? [] : [Tokens.parse(tokenList.replaceAll(',', '\n'), 'TIPSTREAM_HTTP_TOKEN_LIST')]),
  ];
  const fixed = given.length === 0 ? undefined : given.reduce((all, more) => all.and(more));
  if (tokensFile === undefined) return fixed === undefined ? {} : { tokens: () => fixed };
  const file = await TokenFile.open(tokensFile, { logger, beside: fixed });
  return { tokens: () => file.tokens, file };
}

function listenError(error: unknown, host: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const where = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const elsewhere = 'Choose another with --http HOST:PORT, or run without HTTP with --no-http.';
  switch (code) {
    case 'EADDRINUSE':
      return new TipstreamError('address_in_use', `another program listens on ${where} already`, {
        hint: elsewhere,
        details: { host, port },
        cause: error,
      });
    case 'EACCES':
      return new TipstreamError('invalid_argument', `this user may not listen on ${where}; ports below 1024 are often reserved`, {
        hint: elsewhere,
        details: { host, port },
        cause: error,
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ERR_SOCKET_BAD_PORT':
      return new TipstreamError('invalid_argument', `cannot listen on ${where}: it is no address of this machine`, {
        hint: elsewhere,
        details: { host, port },
        cause: error,
      });
    default:
      return error;
  }
}
