/** `rebuild --user`: by the process that runs on the data directory, over its HTTP, or by this one where none does. */
import type { Config } from '../config.js';
import { rebuildProfile } from '../rebuild/user/rebuild-profile.js';
import { ERROR_KINDS, TipstreamError, type ErrorCode } from '../errors.js';
import type { RebuildJob } from '../service/application.js';
import type { UserRebuild } from '../rebuild/user/rebuilt-profile.js';
import { openLog } from '../log/open.js';
import { pause } from '../pause.js';
import { dataOwner } from '../store/directory/data-lock.js';
import { withReaderOf } from '../store/queries/locate-user.js';
import { registryFor, stateSource } from './state-source.js';

export interface RebuildUserOptions {
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In offsets of the log; `total` grows with the log, and is null before it is known. */
  readonly onProgress?: ((done: number, total: number | null) => void) | undefined;
}

const POLL_MS = 100;
const ANSWERS_WITHIN_MS = 60_000;
/** A service that is just starting has the directory before it has its address. */
const PUBLISHES_ADDRESS_WITHIN_MS = 3_000;

/**
 * Throws no_data, user_not_found for a user without any event, offset_out_of_range when the log no longer holds all of the user,
 * not_ready for a service that does not answer, data_in_use for one without HTTP, what it answers, and the signal's reason. Nothing is
 * changed then.
 */
export async function rebuildUser(config: Config, userId: string, options: RebuildUserOptions = {}): Promise<UserRebuild> {
  try {
    return await rebuildHere(config, userId, options);
  } catch (error) {
    if (!(error instanceof TipstreamError && error.code === 'data_in_use' && error.details?.['path'] === config.data)) throw error;
    return rebuildByOwner(config, await addressOfOwner(config.data, error), userId, options);
  }
}

async function rebuildHere(config: Config, userId: string, { dryRun, signal, onProgress }: RebuildUserOptions): Promise<UserRebuild> {
  const { data: dataDirectory, topicPrefix, partitioner, maxValueBytes } = config;
  const log = await openLog(config, { readOnly: true });
  try {
    const partition = withReaderOf({ ...stateSource(config), registry: registryFor(config), partitioner }, userId, (_, found) => found);
    return await rebuildProfile(
      log,
      registryFor(config),
      { dataDirectory, topicPrefix, partitioner, rules: { maxValueBytes }, partition },
      userId,
      Date.now(),
      { dryRun, signal, onProgress },
    );
  } finally {
    await log.close();
  }
}

async function addressOfOwner(dataDirectory: string, inUse: TipstreamError): Promise<string> {
  const deadline = performance.now() + PUBLISHES_ADDRESS_WITHIN_MS;
  for (;;) {
    const owner = dataOwner(dataDirectory);
    if (owner?.http != null) return owner.http;
    if (performance.now() > deadline) {
      throw new TipstreamError(
        'data_in_use',
        `${owner === undefined ? 'the process' : `process ${owner.pid}`} that runs on ${dataDirectory} ` +
          'answers no HTTP, so it cannot be asked to rebuild a user',
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

async function rebuildByOwner(config: Config, address: string, userId: string, options: RebuildUserOptions): Promise<UserRebuild> {
  try {
    return await rebuildAt(new ServiceClient(address, config.httpToken), userId, options);
  } catch (error) {
    const elsewhere = error instanceof TipstreamError && error.code === 'not_owner' ? error.details?.['owner'] : undefined;
    if (typeof elsewhere !== 'string' || elsewhere === address) throw error;
    return rebuildAt(new ServiceClient(elsewhere, config.httpToken), userId, options);
  }
}

async function rebuildAt(
  client: ServiceClient,
  userId: string,
  { dryRun = false, signal, onProgress }: RebuildUserOptions,
): Promise<UserRebuild> {
  signal?.throwIfAborted();
  let job = await client.ask<RebuildJob>('POST', `/v1/profiles/${encodeURIComponent(userId)}/rebuild?dry_run=${dryRun}`);
  const path = `/v1/rebuilds/${job.job_id}`;
  while (job.state === 'running') {
    onProgress?.(job.progress.done, job.progress.total);
    await pause(POLL_MS, signal);
    job = await client.ask<RebuildJob>(signal?.aborted === true ? 'DELETE' : 'GET', path);
  }
  if (job.result !== undefined) return job.result;
  signal?.throwIfAborted();
  if (job.error !== undefined) throw errorOf(job.error.code, job.error.message, job.error.hint);
  throw new TipstreamError('not_ready', 'the rebuild was cancelled by somebody else, or by the service as it stopped', {
    hint: 'Run it again: nothing was changed.',
  });
}

/** Asks a running tipstream. */
class ServiceClient {
  readonly #address: string;
  readonly #token: string | undefined;

  constructor(address: string, token: string | undefined) {
    this.#address = address.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
    this.#token = token;
  }

  /** Throws the error that it answers, and not_ready when it does not. */
  async ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<T> {
    let response: Response;
    let body: unknown;
    try {
      const headers = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
      response = await fetch(`${this.#address}${path}`, { method, headers, signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
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
        `what answers at ${this.#address} is no tipstream that can rebuild a user: HTTP status ${response.status}`,
        { details: { address: this.#address, status: response.status } },
      );
    const { code, message, details } = error;
    const { hint, ...facts } = details ?? {};
    throw errorOf(code, message, code === 'unauthorized' ? 'Give its token with --http-token or TIPSTREAM_HTTP_TOKEN.' : hint, facts);
  }
}

/** A newer service may know codes that this program does not. */
function errorOf(code: string, message: string, hint: unknown, details?: Readonly<Record<string, unknown>>): TipstreamError {
  return new TipstreamError(code in ERROR_KINDS ? (code as ErrorCode) : 'internal', message, {
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(details === undefined ? {} : { details }),
  });
}
