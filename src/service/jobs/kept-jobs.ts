/** Jobs of the running service, by id: those that are not over, and the last of those that are. */
import { TipstreamError, type ErrorCode } from '../../errors.js';

export interface KeptJobsOptions<Job> {
  /** How many of those that are over are kept. */
  readonly most: number;
  readonly isOver: (job: Job) => boolean;
  /** Of a job that there never was, or that was over long ago: what it is called, and what to do. */
  readonly missing: (id: string) => { readonly message: string; readonly hint: string };
}

export class KeptJobs<Job> {
  readonly #options: KeptJobsOptions<Job>;
  /** In the order in which they were asked for. */
  readonly #jobs = new Map<string, Job>();

  constructor(options: KeptJobsOptions<Job>) {
    this.#options = options;
  }

  add(id: string, job: Job): void {
    this.#jobs.set(id, job);
  }

  /** Throws not_found. */
  get(id: string): Job {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    const { message, hint } = this.#options.missing(id);
    throw new TipstreamError('not_found', message, { hint, details: { job_id: id } });
  }

  all(): Iterable<Job> {
    return this.#jobs.values();
  }

  /** To be called when one is over. */
  dropOldest(): void {
    const { most, isOver } = this.#options;
    const over = [...this.#jobs].filter(([, job]) => isOver(job));
    for (const [id] of over.slice(0, Math.max(0, over.length - most))) this.#jobs.delete(id);
  }
}

/** As the document of a job has it. */
export interface JobError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** @param what has failed, such as `the rebuild`, should it be an error of no kind that is known */
export function jobError(error: unknown, what: string): JobError {
  const { code, message, hint } =
    error instanceof TipstreamError
      ? error
      : new TipstreamError('internal', `${what} failed: ${error instanceof Error ? error.message : String(error)}`);
  return { code, message, ...(hint === undefined ? {} : { hint }) };
}
