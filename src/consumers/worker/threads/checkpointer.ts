/**
 * Has the write-ahead logs of state files copied into them by a thread of its own. The worker that commits would do it every so many
 * pages, and for tens of milliseconds nothing of its partitions would be answered. It still does where this one falls behind.
 */
import { statSync } from 'node:fs';
import type { ResourceLimits, Worker as Thread } from 'node:worker_threads';
import { endedWithin } from './ended-within.js';

export type CheckpointCommand = { readonly type: 'checkpoint'; readonly path: string } | { readonly type: 'end' };

/** It was tried. */
export interface CheckpointReport {
  readonly path: string;
}

/** Copied when about twice the file was written, as each page is copied once; within bounds, the upper of which is below the worker's. */
const FILES = 2;
const [LEAST_PAGES, MOST_PAGES] = [4_096, 24_576];
const PAGE_BYTES = 4_096;
/** Of the tables that every transaction writes to. */
const PAGES_A_TRANSACTION = 8;
const RECORDS_A_PAGE = 2;
const END_WITHIN_MS = 1_000;
const WITHOUT_IT = 'until the next start, a commit copies a log of 128 MiB or more, and its partition answers nothing while it does';
/** One connection at a time, and no JavaScript worth mentioning. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 16 };

export class Checkpointer {
  readonly #threadOn: (entry: URL, limits: ResourceLimits) => Thread;
  readonly #onLost: (what: string) => void;
  /** Path -> about how many pages were written since it was last copied. */
  readonly #pages = new Map<string, number>();
  readonly #underWay = new Set<string>();
  #thread: Thread | undefined;
  /** It died, or is to be started no more. */
  #over = false;

  /** @param onLost told once when the thread died, in a sentence */
  constructor(threadOn: (entry: URL, limits: ResourceLimits) => Thread, onLost: (what: string) => void) {
    this.#threadOn = threadOn;
    this.#onLost = onLost;
  }

  /** A transaction of so many records is committed. */
  wrote(path: string, records: number): void {
    const pages = (this.#pages.get(path) ?? 0) + PAGES_A_TRANSACTION + Math.ceil(records / RECORDS_A_PAGE);
    this.#pages.set(path, pages);
    if (pages < LEAST_PAGES || this.#over || this.#underWay.has(path) || pages < pagesBetween(path)) return;
    this.#pages.set(path, 0);
    this.#underWay.add(path);
    this.#thread ??= this.#start();
    this.#thread.postMessage({ type: 'checkpoint', path } satisfies CheckpointCommand);
  }

  /** Its worker is done with it. */
  forget(path: string): void {
    this.#pages.delete(path);
  }

  /** Resolves when no file is open. */
  async close(): Promise<void> {
    this.#over = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    await endedWithin(thread, END_WITHIN_MS, () => thread.postMessage({ type: 'end' } satisfies CheckpointCommand));
  }

  #start(): Thread {
    const thread = this.#threadOn(new URL('./checkpoint-thread.js', import.meta.url), RESOURCE_LIMITS);
    thread.on('message', ({ path }: CheckpointReport) => this.#underWay.delete(path));
    let why = '';
    thread.on('error', (error) => (why = `: ${error.message}`)); // followed by the exit
    thread.on('exit', () => {
      if (!this.#over) this.#onLost(`the thread that copies write-ahead logs ended${why}; ${WITHOUT_IT}`);
      this.#over = true;
      this.#thread = undefined;
    });
    thread.unref();
    return thread;
  }
}

function pagesBetween(path: string): number {
  const bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.min(MOST_PAGES, Math.max(LEAST_PAGES, (bytes / PAGE_BYTES) * FILES));
}
