/** `rebuild --user`: by the process that runs on the data directory, over its HTTP, or by this one where none does. */
import type { Config } from '../../config.js';
import { rebuildProfile } from '../../rebuild/user/rebuild-profile.js';
import { TipstreamError } from '../../errors.js';
import type { RebuildJob } from '../../service/application.js';
import type { UserRebuild } from '../../rebuild/user/rebuilt-profile.js';
import { openLog } from '../../log/open.js';
import { pause } from '../../back-off.js';
import { withReaderOf } from '../../store/queries/locate-user.js';
import { askOwner, errorOf, POLL_MS, type ServiceClient } from './service-client.js';
import { registryFor, stateSource } from '../state-source.js';

export interface RebuildUserOptions {
  /** Say what would change, and change nothing. */
  readonly dryRun?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  /** In offsets of the log; `total` grows with the log, and is null before it is known. */
  readonly onProgress?: ((done: number, total: number | null) => void) | undefined;
}

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
    return askOwner(config, error, 'rebuild a user', (client) => rebuildAt(client, userId, options));
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
