/**
 * Redrives of dead letters while the service runs, as jobs, one at a time:
 *
 *     running --(all was sent or shown)--> done
 *        |----(an error)-----------------> failed; what was sent before stays sent
 *        +----(DELETE)--> stopping --(the batch under way is written)--> stopped
 *
 * The log is the only note of what was sent, so the same request again goes on where a job ended, also in another process.
 */
import { randomUUID } from 'node:crypto';
import { outcomeOf, type AuditedChange } from '../../audit-trail/record.js';
import { ERROR_KINDS, TipstreamError } from '../../errors.js';
import type { AuditActor } from '../../events/audit-event.js';
import type { Log, RecordAddress } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import { redrive } from '../../redrive/redrive.js';
import { lockRedrive } from '../../store/directory/redrive-lock.js';
import type { FileLock } from '../../store/directory/file-lock.js';
import type { ConsumedTopic, TopicName } from '../../topics.js';
import type { RedriveJob, RedriveRequest } from '../../redrive/job.js';
import { jobError, KeptJobs } from '../jobs/kept-jobs.js';
import type { ServiceOptions } from '../options.js';
import { within } from '../rebuild/waiting.js';
import { letterTopic } from './letter-topic.js';

export interface RedriveJobsDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** How many partitions the topics have. */
  readonly partitions: () => number;
  /** How a job ended. Absent: that is not recorded. */
  readonly note?: ((change: AuditedChange) => void) | undefined;
}

/** Of a request that names none. */
export const DEFAULT_MAX = 10_000;
/** Letters that one job may look at: each is held in memory until it ends. */
export const MOST_LETTERS = 100_000;
const KEPT_WHEN_OVER = 20;
const STOPS_WITHIN_MS = 2_000;
const ADDRESS = /^(.+)\/(\d+)\/(\d+)$/;

interface Job {
  readonly id: string;
  readonly request: RedriveRequest;
  readonly by: AuditActor | undefined;
  readonly startedAtMs: number;
  readonly stopping: AbortController;
  state: RedriveJob['state'];
  progress: RedriveJob['progress'];
  redriven: number;
  result?: RedriveJob['result'];
  error?: RedriveJob['error'];
}

export class RedriveJobs {
  readonly #deps: RedriveJobsDeps;
  readonly #jobs = new KeptJobs<Job>({
    most: KEPT_WHEN_OVER,
    isOver: ({ state }) => state !== 'running' && state !== 'stopping',
    missing: (id) => ({
      message: `there is no redrive ${id}`,
      hint: `Only the last ${KEPT_WHEN_OVER} are kept, until the service stops. What was sent stays sent: the same request again goes on.`,
    }),
  });
  #running: { readonly job: Job; readonly ended: Promise<void> } | undefined;

  constructor(deps: RedriveJobsDeps) {
    this.#deps = deps;
  }

  /** Throws data_in_use while another one runs here or by the command, forbidden for a closed topic, topic_not_found. */
  start(request: RedriveRequest, closedTopics: readonly TopicName[], by?: AuditActor): RedriveJob {
    const { options } = this.#deps;
    if (this.#running !== undefined) throw alreadyRunning(this.#running.job);
    const { address, topic } = this.#chosenBy(request);
    if (topic !== undefined && closedTopics.includes(topic)) throw closed(topic);
    const lock = request.dry_run ? undefined : lockRedrive(options.dataDirectory);
    const job: Job = {
      id: randomUUID(),
      request,
      by,
      startedAtMs: options.clock(),
      stopping: new AbortController(),
      state: 'running',
      progress: { step: 'looking', done: 0, total: null },
      redriven: 0,
    };
    this.#jobs.add(job.id, job);
    this.#jobs.dropOldest();
    const ended = this.#run(job, { address, topic, closedTopics, lock }).finally(() => (this.#running = undefined));
    this.#running = { job, ended };
    return documentOf(job);
  }

  get runningId(): string | undefined {
    return this.#running?.job.id;
  }

  /** Throws not_found for a job that there never was, or that was over long ago. */
  get(id: string): RedriveJob {
    return documentOf(this.#jobs.get(id));
  }

  /** The job as it is then: stopping, unless it was over. Throws not_found. */
  stop(id: string): RedriveJob {
    const job = this.#jobs.get(id);
    stopJob(job);
    return documentOf(job);
  }

  /** Waits for the batch under way, not for ever. */
  async close(): Promise<void> {
    if (this.#running === undefined) return;
    stopJob(this.#running.job);
    await within(STOPS_WITHIN_MS, this.#running.ended);
  }

  /** Throws topic_not_found. */
  #chosenBy({ dead_letter: given, topic }: RedriveRequest): Pick<Chosen, 'address' | 'topic'> {
    const match = given === undefined ? null : ADDRESS.exec(given);
    if (match === null) return { address: undefined, topic };
    const found = letterTopic(this.#deps.options.topicPrefix, match[1]!);
    return { address: { topic: found.topic, partition: Number(match[2]), offset: Number(match[3]) }, topic: found.input };
  }

  async #run(job: Job, { address, topic, closedTopics, lock }: Chosen): Promise<void> {
    const { log, registry, options, partitions } = this.#deps;
    const { topicPrefix: prefix, partitioner, maxValueBytes, dataDirectory, logger, clock } = options;
    const { code, since_ms: sinceMs, max = DEFAULT_MAX, rate, again, value, dry_run: dryRun } = job.request;
    try {
      const result = await redrive(
        {
          log,
          registry,
          rules: { partitioner, maxValueBytes },
          state: {
            dataDirectory,
            log: log.kind,
            topicPrefix: prefix,
            topicPartitions: partitions(),
            accepts: { partitioner, maxValueBytes, schemaRegistry: log.withPayloads !== undefined },
          },
        },
        {
          ...{ prefix, topic, code, sinceMs, address, max, rate, dryRun, closedTopics },
          repartition: false,
          edit: value === undefined ? undefined : Buffer.from(value),
          again: again === true || address !== undefined,
          mostLetters: MOST_LETTERS,
          nowMs: clock(),
          signal: job.stopping.signal,
          onProgress: (step, done, total) => {
            job.progress = { step, done, total };
            if (step === 'sending') job.redriven = done;
          },
        },
      );
      job.result = result;
      job.state = result.stopped ? 'stopped' : 'done';
      this.#note(job, { outcome: job.state });
      if (!dryRun) logger.info({ job_id: job.id, redriven: result.redriven, left: result.left }, 'redrove dead letters');
    } catch (error) {
      if (job.stopping.signal.aborted && error === job.stopping.signal.reason) {
        job.state = 'stopped';
        this.#note(job, { outcome: 'stopped' });
        return;
      }
      this.#note(job, outcomeOf(error));
      const failed = jobError(error, 'the redrive');
      const { code: why, hint } = failed;
      job.error = failed;
      job.state = 'failed';
      const level = ERROR_KINDS[why].http >= 500 ? 'warn' : 'debug';
      logger[level](
        { job_id: job.id, code: why, hint, redriven: job.redriven, err: error },
        'dead letters could not be redriven; the job says why',
      );
    } finally {
      lock?.release();
    }
  }

  #note({ id, request, by, redriven, result }: Job, outcome: Pick<AuditedChange, 'outcome' | 'error'>): void {
    if (request.dry_run || by === undefined) return;
    this.#deps.note?.({
      ...{ actor: by, action: 'dead_letters.redrive', target: { kind: 'job', id } },
      ...outcome,
      details: result === undefined ? { redriven } : { redriven: result.redriven, left: result.left },
    });
  }
}

interface Chosen {
  readonly address: RecordAddress | undefined;
  readonly topic: ConsumedTopic | undefined;
  readonly closedTopics: readonly TopicName[];
  readonly lock: FileLock | undefined;
}

function stopJob(job: Job): void {
  if (job.state !== 'running') return;
  job.state = 'stopping';
  job.stopping.abort(new TipstreamError('not_ready', 'the redrive was stopped'));
}

function alreadyRunning({ id, request }: Job): TipstreamError {
  return new TipstreamError('data_in_use', `${request.dry_run ? 'a dry run of a redrive' : 'another redrive'} is running in this service`, {
    hint: `Wait for it, or stop it with DELETE /v1/dead-letters/redrive/${id}: what it has sent is not sent again.`,
    details: { job_id: id },
  });
}

function closed(topic: TopicName): TipstreamError {
  return new TipstreamError('forbidden', `only the role own may write to ${topic}`, {
    hint: 'Ask with a token of the role own, or run `tipstream dead-letters redrive` on this machine.',
    details: { needed: 'own', topic },
  });
}

function documentOf({ id, request, state, progress, redriven, startedAtMs, result, error }: Job): RedriveJob {
  return {
    job_id: id,
    state,
    dry_run: request.dry_run,
    request,
    progress,
    redriven,
    started_at_ms: startedAtMs,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
}
