/** Partitions rebuilt in threads, each with a log of its own: as many at once as there are threads, the others wait. */
import { Worker as Thread } from 'node:worker_threads';
import type { Config } from '../config.js';
import { errorFrom, type PlainError } from '../consumers/worker/threads/messages.js';
import { endedWithin } from '../consumers/worker/threads/ended-within.js';
import { FOLDING_LIMITS } from '../consumers/worker/threads/folding-limits.js';
import { TipstreamError } from '../errors.js';
import type { PartitionJob, PartitionOutcome, PartitionProgress, PartitionStep } from './partition-job.js';
import type { JobRunner } from './run-jobs.js';

export type RebuildCommand =
  | { readonly type: 'run'; readonly job: PartitionJob; readonly step: PartitionStep }
  | { readonly type: 'abort' }
  | { readonly type: 'end' };

export type RebuildReport =
  | { readonly type: 'progress'; readonly progress: PartitionProgress }
  | { readonly type: 'done'; readonly outcome: PartitionOutcome }
  | { readonly type: 'failed'; readonly error: PlainError };

const END_WITHIN_MS = 2_000;

export class RebuildThreads implements JobRunner {
  readonly #idle: JobThread[];
  readonly #all: readonly JobThread[];
  readonly #waiting: ((thread: JobThread) => void)[] = [];

  constructor(threads: number, config: Config) {
    this.#all = Array.from({ length: threads }, () => new JobThread(config));
    this.#idle = [...this.#all];
  }

  async run(
    job: PartitionJob,
    step: PartitionStep,
    signal: AbortSignal,
    onProgress: (progress: PartitionProgress) => void,
  ): Promise<PartitionOutcome> {
    const thread = this.#idle.pop() ?? (await new Promise<JobThread>((resolve) => this.#waiting.push(resolve)));
    try {
      signal.throwIfAborted();
      return await thread.run(job, step, signal, onProgress);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(thread);
      else next(thread);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((thread) => thread.close()));
  }
}

class JobThread {
  readonly #thread: Thread;
  #lost: TipstreamError | undefined;
  #onReport: (report: RebuildReport) => void = () => undefined;
  #onLost: (error: TipstreamError) => void = () => undefined;

  constructor(config: Config) {
    this.#thread = new Thread(new URL('./rebuild-thread.js', import.meta.url), { workerData: config, resourceLimits: FOLDING_LIMITS });
    this.#thread.on('message', (report: RebuildReport) => this.#onReport(report));
    this.#thread.on('error', (error) => this.#lose(error));
    this.#thread.on('exit', (code) => this.#lose(new Error(`it ended with code ${code}`)));
  }

  /** One at a time. */
  async run(
    job: PartitionJob,
    step: PartitionStep,
    signal: AbortSignal,
    onProgress: (progress: PartitionProgress) => void,
  ): Promise<PartitionOutcome> {
    if (this.#lost !== undefined) throw this.#lost;
    const abort = (): void => this.#send({ type: 'abort' });
    signal.addEventListener('abort', abort);
    try {
      return await new Promise<PartitionOutcome>((resolve, reject) => {
        this.#onLost = reject;
        this.#onReport = (report) => {
          if (report.type === 'progress') onProgress(report.progress);
          else if (report.type === 'done') resolve(report.outcome);
          else reject(signal.aborted ? (signal.reason as Error) : errorFrom(report.error));
        };
        this.#send({ type: 'run', job, step });
      });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  async close(): Promise<void> {
    if (this.#lost !== undefined) return;
    await endedWithin(this.#thread, END_WITHIN_MS, () => this.#send({ type: 'end' }));
  }

  #send(command: RebuildCommand): void {
    this.#thread.postMessage(command);
  }

  #lose(cause: Error): void {
    this.#lost ??= new TipstreamError('internal', `a thread of the rebuild was lost: ${cause.message}`, {
      hint: 'Run it again: it continues after the last batch.',
      cause,
    });
    this.#onLost(this.#lost);
  }
}
