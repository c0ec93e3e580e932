/** The process that runs on a data directory, asked over its HTTP. */
import type { Config } from '../../config.js';
import { ERROR_KINDS, TipstreamError, type ErrorCode } from '../../errors.js';
import { pause } from '../../back-off.js';
import { dataOwner } from '../../store/directory/data-lock.js';

export const POLL_MS = 100;
const ANSWERS_WITHIN_MS = 60_000;
/** A service that is just starting has the directory before it has its address. */
const PUBLISHES_ADDRESS_WITHIN_MS = 3_000;

/**
 * Asks the process that runs on the data directory, and the one that it names when the user's partition is held there. `what`: what it is
 * asked to do. Throws data_in_use for a process without HTTP, and what `ask` throws.
 */
export async function askOwner<T>(
  { data, httpToken }: Config,
  inUse: TipstreamError,
  what: string,
  ask: (client: ServiceClient) => Promise<T>,
): Promise<T> {
  const address = await addressOfOwner(data, inUse, what);
  try {
    return await ask(new ServiceClient(address, httpToken));
  } catch (error) {
    const elsewhere = error instanceof TipstreamError && error.code === 'not_owner' ? error.details?.['owner'] : undefined;
    if (typeof elsewhere !== 'string' || elsewhere === address) throw error;
    return ask(new ServiceClient(elsewhere, httpToken));
  }
}

async function addressOfOwner(dataDirectory: string, inUse: TipstreamError, what: string): Promise<string> {
  const deadline = performance.now() + PUBLISHES_ADDRESS_WITHIN_MS;
  for (;;) {
    const owner = dataOwner(dataDirectory);
    if (owner?.http != null) return owner.http;
    if (performance.now() > deadline) {
      throw new TipstreamError(
        'data_in_use',
        `${owner === undefined ? 'the process' : `process ${owner.pid}`} that runs on ${dataDirectory} ` +
          `answers no HTTP, so it cannot be asked to ${what}`,
        {
          hint: 'Start it without --no-http, or stop it and run this again.',
          details: { path: dataDirectory },
          cause: inUse,
        },
      );
    }
    await pause(POLL_MS);
  }
}

/** Asks a running tipstream. */
export class ServiceClient {
  readonly #address: string;
  readonly #token: string | undefined;

  constructor(address: string, token: string | undefined) {
    this.#address = address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
    this.#token = token;
  }

  /** Throws the error that it answers, and not_ready when it does not. */
  async ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string, json?: object): Promise<T> {
    let response: Response;
    let body: unknown;
    try {
      const headers = {
        ...(this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      };
      response = await fetch(`${this.#address}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(ANSWERS_WITHIN_MS),
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      body = await response.json();
    } catch (error) {
      throw new TipstreamError('not_ready', `the tipstream at ${this.#address} does not answer: ${(error as Error).message}`, {
        hint: 'See whether it still runs, then run this again.',
        details: { address: this.#address },
        cause: error,
      });
    }
    if (response.ok) return body as T;
    const { error } = body as { error?: { code: string; message: string; details?: Record<string, unknown> } };
    if (error === undefined)
      throw new TipstreamError(
        'not_ready',
        `what answers at ${this.#address} is no tipstream that can do this: HTTP status ${response.status}`,
        { details: { address: this.#address, status: response.status } },
      );
    const { code, message, details } = error;
    const { hint, ...facts } = details ?? {};
    throw errorOf(code, message, code === 'unauthorized' ? 'Give its token with --http-token or TIPSTREAM_HTTP_TOKEN.' : hint, facts);
  }
}

/** A newer service may know codes that this program does not. */
export function errorOf(code: string, message: string, hint: unknown, details?: Readonly<Record<string, unknown>>): TipstreamError {
  return new TipstreamError(code in ERROR_KINDS ? (code as ErrorCode) : 'internal', message, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(details === undefined ? {} : { details }),
  });
}
