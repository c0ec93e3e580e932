/** Users who are forgotten while the service runs, as jobs, one after the other; and what an earlier run left undone. */
import { randomUUID } from 'node:crypto';
import { outcomeOf, type AuditedChange } from '../../audit-trail/record.js';
import { ERROR_KINDS, TipstreamError } from '../../errors.js';
import { userDigest } from '../../events/user-digest.js';
import type { ForgetJob, ForgetOptions } from '../../forgetting/job.js';
import { jobError, KeptJobs } from '../jobs/kept-jobs.js';
import { OneAtATime } from '../../one-at-a-time.js';
import { aloneWith } from './complete.js';
import type { Partition } from '../partition.js';
import { completeForgets } from './unfinished.js';
import { forgetUser, type ForgetDeps } from './forget-user.js';

export interface ForgetJobsDeps extends Omit<ForgetDeps, 'signal'> {
  /** What is remembered of the user in memory goes. */
  readonly onForgotten: (userId: string) => void;
  /** How a job ended. Absent: that is not recorded. */
  readonly note?: ((change: AuditedChange) => void) | undefined;
}

const WAITING_AT_MOST = 100;
const KEPT_WHEN_OVER = 200;

interface Job {
  document: ForgetJob;
  readonly userId: string;
  readonly partition: number;
  readonly options: ForgetOptions;
}

export class ForgetJobs {
  readonly #deps: ForgetJobsDeps & ForgetDeps;
  readonly #jobs = new KeptJobs<Job>({
    most: KEPT_WHEN_OVER,
    isOver: ({ document }) => document.state !== 'running',
    missing: (id) => ({
      message: `there is no job ${id} that forgets a user`,
      hint: `Only the last ${KEPT_WHEN_OVER} that ended are kept, until the service stops. Receipts stay in the folder receipts.`,
    }),
  });
  readonly #turns = new OneAtATime();
  readonly #stopping = new AbortController();
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: ForgetJobsDeps) {
    this.#deps = { ...deps, signal: this.#stopping.signal };
  }

  /** Throws data_in_use while a rebuild or a redrive runs, not_ready when too many wait. */
  start(userId: string, partition: number, options: ForgetOptions): ForgetJob {
    // One that is asked for while another user is being forgotten waits for its turn.
    if (!options.dryRun && this.#waiting === 0) aloneWith(this.#deps.options.dataDirectory).release();
    if (this.#waiting >= WAITING_AT_MOST)
      throw new TipstreamError('not_ready', `${this.#waiting} users wait to be forgotten already`, {
        hint: 'Ask again when some are done.',
      });
    const document: ForgetJob = {
      job_id: randomUUID(),
      user_digest: userDigest(userId),
      state: 'running',
      dry_run: options.dryRun,
      progress: { done: 0, total: null },
      started_at_ms: this.#deps.options.clock(),
    };
    const job: Job = { document, userId, partition, options };
    this.#jobs.add(document.job_id, job);
    this.#waiting++;
    this.#last = this.#turns
      .run(() => this.#run(job))
      .finally(() => {
        this.#waiting--;
        this.#jobs.dropOldest();
      });
    return document;
  }

  /** Throws not_found for a job that there never was, or that was over long ago. */
  get(id: string): ForgetJob {
    return this.#jobs.get(id).document;
  }

  /** What an earlier run left undone on the partitions held here, in its turn. Answers how many were completed. */
  complete(held: readonly Partition[]): Promise<number> {
    return this.#turns.run(() => completeForgets(this.#deps, held));
  }

  /** What has begun to be forgotten is completed, or completes at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort(new TipstreamError('not_ready', 'the service stops'));
    await this.#last;
  }

  async #run(job: Job): Promise<void> {
    const { userId, partition, options } = job;
    const { logger, dataDirectory } = this.#deps.options;
    const { job_id: jobId } = job.document;
    const end = (more: Partial<ForgetJob>) => (job.document = { ...job.document, ...more });
    let alone: { release(): void } | undefined;
    try {
      if (!options.dryRun) alone = aloneWith(dataDirectory);
      const result = await forgetUser(this.#deps, {
        ...{ userId, partition, dryRun: options.dryRun, reason: options.reason, by: options.by },
        onProgress: (done, total) => end({ progress: { done, total } }),
      });
      if (!options.dryRun) this.#deps.onForgotten(userId);
      end({ state: 'done', result });
      this.#note(job, { outcome: 'done' }, { found: result.found, ...(result.receipt && { forget_id: result.receipt.forget_id }) });
      logger.info({ partition, job_id: jobId, dry_run: options.dryRun, found: result.found }, 'forgot a user');
    } catch (error) {
      this.#note(job, outcomeOf(error));
      const failed = jobError(error, 'forgetting');
      end({ state: 'failed', error: failed });
      const { code, hint } = failed;
      if (ERROR_KINDS[code].http >= 500) logger.warn({ partition, job_id: jobId, code, hint, err: error }, 'a user could not be forgotten');
    } finally {
      alone?.release();
    }
  }

  #note(job: Job, outcome: Pick<AuditedChange, 'outcome' | 'error'>, more: Readonly<Record<string, unknown>> = {}): void {
    const { by, dryRun, reason } = job.options;
    if (dryRun || by === undefined) return;
    this.#deps.note?.({
      ...{ actor: by, action: 'user.forget', target: { kind: 'user', id: job.document.user_digest } },
      ...outcome,
      details: { job_id: job.document.job_id, ...(reason === undefined ? {} : { reason }), ...more },
    });
  }
}
