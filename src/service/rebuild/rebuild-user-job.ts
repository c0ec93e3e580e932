/**
 * Rebuilding one user while the service runs, as jobs: the log is read for the user's events beside the worker, in rounds that come
 * nearer to where it stands; then the worker is held between two batches, the last events are read, the user's tips are replaced, and
 * it goes on.
 */
import { randomUUID } from 'node:crypto';
import { outcomeOf, type AuditedChange } from '../../audit-trail/record.js';
import { ERROR_KINDS, TipstreamError } from '../../errors.js';
import type { AuditActor } from '../../events/audit-event.js';
import type { RebuildJob } from '../application.js';
import type { Log } from '../../log/port.js';
import type { Registry } from '../../projections/registry.js';
import { positionsOf } from '../../store/queries/profiles.js';
import type { OneAtATime } from '../../one-at-a-time.js';
import { jobError, KeptJobs } from '../jobs/kept-jobs.js';
import type { Partition } from '../partition.js';
import { compareUser, nothingOf } from '../../rebuild/user/compare-user.js';
import { UserReplay } from '../../rebuild/user/user-replay.js';
import type { ServiceOptions } from '../options.js';

export interface UserRebuildDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** How many partitions there are. */
  readonly partitions: () => number;
  /** Where the partition's events are folded. Throws not_ready. */
  readonly working: (partition: number) => Partition;
  /** Does work that needs a running partition, again when something passing was in its way. */
  readonly patiently: <T>(work: () => Promise<T>) => Promise<T>;
  /** Nothing else that holds a partition runs at the same time. */
  readonly exclusive: OneAtATime;
  /** How a job ended. Absent: that is not recorded. */
  readonly note?: ((change: AuditedChange) => void) | undefined;
}

/** Each reads all of a partition's servings and reactions. */
const RUNNING_AT_ONCE = 2;
const WAITING_AT_MOST = 100;
const KEPT_WHEN_OVER = 200;
/** Offsets left for the time in which the worker is held, and how often it is tried to come so near. */
const NEAR = 2_000;
const ROUNDS = 20;
const HELD_FOR_MS = 10_000;

interface Job {
  readonly id: string;
  readonly userId: string;
  readonly partition: number;
  readonly dryRun: boolean;
  readonly by: AuditActor | undefined;
  readonly startedAtMs: number;
  readonly cancelling: AbortController;
  /** Past cancelling: the tips are being replaced. */
  isFinal: boolean;
  state: RebuildJob['state'];
  progress: RebuildJob['progress'];
  result?: RebuildJob['result'];
  error?: RebuildJob['error'];
}

export class UserRebuilds {
  readonly #deps: UserRebuildDeps;
  readonly #jobs = new KeptJobs<Job>({
    most: KEPT_WHEN_OVER,
    isOver: ({ state }) => state !== 'running',
    missing: (id) => ({
      message: `there is no rebuild ${id}`,
      hint: `Ask for one of the last ${KEPT_WHEN_OVER} that ended: only these are kept, until the service stops.`,
    }),
  });
  readonly #waiting: Job[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(deps: UserRebuildDeps) {
    this.#deps = deps;
  }

  /** Begins one, or answers the one that is under way for the user. Throws not_ready when too many wait. */
  start(userId: string, partition: number, dryRun: boolean, by?: AuditActor): RebuildJob {
    for (const job of this.#jobs.all())
      if (job.state === 'running' && job.userId === userId && job.dryRun === dryRun) return documentOf(job);
    if (this.#waiting.length >= WAITING_AT_MOST)
      throw new TipstreamError('not_ready', `${this.#waiting.length} rebuilds of users wait already`, {
        hint: 'Ask again when some are done; to rebuild everybody, run `tipstream rebuild`.',
      });
    const job: Job = {
      id: randomUUID(),
      userId,
      partition,
      dryRun,
      by,
      startedAtMs: this.#deps.options.clock(),
      cancelling: new AbortController(),
      isFinal: false,
      state: 'running',
      progress: { done: 0, total: null },
    };
    this.#jobs.add(job.id, job);
    this.#waiting.push(job);
    this.#next();
    return documentOf(job);
  }

  /** Throws not_found for a job that there never was, or that was over long ago. */
  get(id: string): RebuildJob {
    return documentOf(this.#jobs.get(id));
  }

  /** The job as it is then: cancelled, unless it was over. Throws not_found. */
  cancel(id: string): RebuildJob {
    const job = this.#jobs.get(id);
    this.#cancel(job);
    return documentOf(job);
  }

  /** Cancels them all. */
  async stop(): Promise<void> {
    for (const job of this.#jobs.all()) this.#cancel(job);
    await Promise.all(this.#running);
  }

  #cancel(job: Job): void {
    if (job.state !== 'running' || job.isFinal) return;
    job.state = 'cancelled';
    job.cancelling.abort(new TipstreamError('not_ready', 'the rebuild was cancelled'));
  }

  #next(): void {
    while (this.#running.size < RUNNING_AT_ONCE) {
      const job = this.#waiting.shift();
      if (job === undefined) return;
      const running: Promise<void> = this.#run(job).finally(() => {
        this.#running.delete(running);
        this.#jobs.dropOldest();
        this.#next();
      });
      this.#running.add(running);
    }
  }

  async #run(job: Job): Promise<void> {
    if (job.state !== 'running') return;
    const { logger } = this.#deps.options;
    const { userId, partition, dryRun } = job;
    try {
      const result = await this.#rebuild(job);
      job.result = result;
      job.state = 'done';
      this.#note(job, { outcome: 'done' });
      logger.info(
        { partition, job_id: job.id, dry_run: dryRun, changed: result.changed, replayed_events: result.replayed_events },
        dryRun ? 'compared one user with the log and changed nothing' : 'rebuilt one user from the log',
      );
    } catch (error) {
      if (job.cancelling.signal.aborted) return this.#note(job, { outcome: 'stopped' });
      this.#note(job, outcomeOf(error));
      const failed = jobError(error, 'the rebuild');
      const { code, message, hint } = failed;
      job.error = failed;
      job.state = 'failed';
      if (ERROR_KINDS[code].http >= 500 || code === 'offset_out_of_range')
        logger.warn({ partition, job_id: job.id, code, hint }, 'a user could not be rebuilt; the job says why');
      logger.debug({ partition, job_id: job.id, user_id: userId, err: error }, `a user could not be rebuilt: ${message}`);
    }
  }

  #note({ id, userId, dryRun, by, result }: Job, outcome: Pick<AuditedChange, 'outcome' | 'error'>): void {
    if (dryRun || by === undefined) return;
    this.#deps.note?.({
      ...{ actor: by, action: 'profile.rebuild', target: { kind: 'user', id: userId } },
      ...outcome,
      details: { job_id: id, ...(result === undefined ? {} : { changed: result.changed }) },
    });
  }

  async #rebuild(job: Job): Promise<NonNullable<RebuildJob['result']>> {
    const { log, options, partitions, working, patiently, exclusive } = this.#deps;
    const {
      userId,
      partition,
      cancelling: { signal },
    } = job;
    const replay = new UserReplay({
      log,
      userId,
      partition,
      partitions: partitions(),
      topicPrefix: options.topicPrefix,
      partitioner: options.partitioner,
      maxValueBytes: options.maxValueBytes,
      registry: this.#deps.registry,
      signal,
      onProgress: (done, total) => {
        job.progress = { done, total };
      },
    });
    for (let round = 0; round < ROUNDS; round++) {
      const { positions, prunes } = await patiently(async () => standing(working(partition)));
      const near = replay.behind(positions) <= NEAR;
      await replay.readTo(positions, prunes);
      if (near) break;
    }
    return patiently(() => exclusive.run(() => this.#finish(job, replay)));
  }

  async #finish(job: Job, replay: UserReplay): Promise<NonNullable<RebuildJob['result']>> {
    const {
      registry,
      options: { clock },
      working,
    } = this.#deps;
    const {
      userId,
      partition,
      dryRun,
      cancelling: { signal },
    } = job;
    signal.throwIfAborted();
    const held = working(partition);
    const late = AbortSignal.timeout(HELD_FOR_MS);
    try {
      const positions = await held.hold();
      await replay.readTo(positions, held.reader.prunes(), AbortSignal.any([signal, late]));
      const nowMs = clock();
      const kept = replay.kept();
      const compared = compareUser(held.reader, registry, userId, kept, nowMs);
      const isHere = held.reader.has(userId);
      if (replay.events === 0 && !isHere) throw nothingOf(userId);
      if (!dryRun) {
        job.isFinal = true;
        await held.replaceKept(userId, kept);
      }
      return {
        user_id: userId,
        as_of_ms: nowMs,
        ...compared,
        replayed_events: replay.events,
        positions: positionsOf(new Map([[partition, positions]])),
      };
    } catch (error) {
      if (error !== late.reason) throw error;
      throw new TipstreamError('timeout', `the log did not give the last events of partition ${partition} within ${HELD_FOR_MS / 1000} s`, {
        hint: 'Ask again. The partition works on meanwhile.',
        cause: error,
      });
    } finally {
      held.release();
    }
  }
}

/** Positions first: no prune that lies before them is missing then. */
function standing({ positions, reader }: Partition) {
  const until = new Map(positions);
  return { positions: until, prunes: reader.prunes() };
}

function documentOf({ id, userId, state, dryRun, progress, startedAtMs, result, error }: Job): RebuildJob {
  return {
    job_id: id,
    user_id: userId,
    state,
    dry_run: dryRun,
    progress,
    started_at_ms: startedAtMs,
    ...(result === undefined ? {} : { result }),
    ...(error === undefined ? {} : { error }),
  };
}
