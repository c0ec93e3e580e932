/** `forget`: by the process that runs on the data directory, over its HTTP, or by a service that this one runs for as long as it takes. */
import type { Config } from '../../config.js';
import { commandActor } from '../../audit-trail/actor.js';
import { TipstreamError } from '../../errors.js';
import { inlineWorkers } from '../../consumers/worker/inline-worker.js';
import { openLog } from '../../log/open.js';
import { registryFor } from '../state-source.js';
import { pause } from '../../back-off.js';
import type { ForgetJob, ForgetResult } from '../../forgetting/job.js';
import { lookFor } from '../../forgetting/look.js';
import { isInLiveState } from '../../forgetting/state-files.js';
import { isOwned } from '../../store/directory/data-lock.js';
import { askOwner, errorOf, POLL_MS, type ServiceClient } from './service-client.js';

export interface ForgetUserOptions {
  readonly dryRun: boolean;
  readonly reason?: string | undefined;
  readonly signal: AbortSignal;
  /** In offsets of the log. */
  readonly onProgress: (done: number, total: number | null) => void;
}

/** Throws no_data, not_ready for a service that does not answer, data_in_use for one without HTTP, what it answers, the signal's reason. */
export async function forgetUser(config: Config, userId: string, options: ForgetUserOptions): Promise<ForgetResult> {
  if (isOwned(config.data)) {
    const inUse = new TipstreamError('data_in_use', `a process runs on ${config.data}`);
    return askOwner(config, inUse, 'forget a user', (client) => forgetAt(client, userId, options));
  }
  if (config.log === 'kafka') {
    throw new TipstreamError(
      'not_ready',
      `no tipstream runs on ${config.data}, and on Kafka the service that holds the user's partition forgets`,
      {
        hint: 'Start it, or give the --data of a service of this group that runs.',
        details: { path: config.data },
      },
    );
  }
  return options.dryRun ? lookHere(config, userId, options) : forgetHere(config, userId, options);
}

async function forgetAt(
  client: ServiceClient,
  userId: string,
  { dryRun, reason, signal, onProgress }: ForgetUserOptions,
): Promise<ForgetResult> {
  signal.throwIfAborted();
  const asked = { user_id: userId, dry_run: dryRun, ...(reason === undefined ? {} : { reason }) };
  const begun = await client.ask<ForgetJob>('POST', '/v1/forgets', asked);
  return ended(begun, (jobId) => client.ask<ForgetJob>('GET', `/v1/forgets/${jobId}`), { signal, onProgress });
}

/** Only reads. What waits in the log is found there; the state is without it yet. */
async function lookHere(config: Config, userId: string, { signal, onProgress }: ForgetUserOptions): Promise<ForgetResult> {
  const { data: dataDirectory, topicPrefix } = config;
  const log = await openLog(config, { readOnly: true });
  try {
    const inState = () => isInLiveState(dataDirectory, userId);
    const { result } = await lookFor({ log, topicPrefix, dataDirectory, userId, inState, signal, onProgress });
    return { ...result, receipt: null };
  } finally {
    await log.close();
  }
}

/** Nobody else has the directory: the service runs here, without HTTP, until the user is forgotten. */
async function forgetHere(config: Config, userId: string, { reason, signal, onProgress }: ForgetUserOptions): Promise<ForgetResult> {
  await (await openLog(config, { readOnly: true })).close(); // a directory that was mistyped is not made
  const [{ runService }, { createLogger }] = await Promise.all([import('../running-service.js'), import('../output/logger.js')]);
  // For so short a life threads are not worth their start, and nothing is pruned in it.
  const workers = inlineWorkers({ registry: registryFor(config), clock: Date.now });
  const running = await runService(
    { ...config, http: null, retain: Number.MAX_SAFE_INTEGER },
    createLogger({ logLevel: 'error' }),
    signal,
    Date.now,
    workers,
  );
  try {
    await Promise.race([running.service.caughtUp(), running.failed]);
    const { service } = running;
    const begun = await service.forgetUser(userId, { dryRun: false, reason, by: commandActor() });
    return await ended(begun, (jobId) => Promise.resolve(service.forgetJob(jobId)), { signal, onProgress });
  } finally {
    await running.stop();
  }
}

async function ended(
  begun: ForgetJob,
  look: (jobId: string) => Promise<ForgetJob>,
  { signal, onProgress }: Pick<ForgetUserOptions, 'signal' | 'onProgress'>,
): Promise<ForgetResult> {
  let job = begun;
  while (job.state === 'running') {
    onProgress(job.progress.done, job.progress.total);
    await pause(POLL_MS, signal);
    signal.throwIfAborted();
    job = await look(job.job_id);
  }
  if (job.result !== undefined) return job.result;
  throw errorOf(job.error?.code ?? 'not_ready', job.error?.message ?? 'the job was ended by the service', job.error?.hint);
}
