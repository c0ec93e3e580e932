/**
 * Knows how far each partition reaches, and wakes those who wait for more. Appends of this process are told at once; those of other
 * processes show in `PRAGMA data_version`, which is looked at when `change-signal.ts` says so while anybody waits, and never otherwise.
 */
import type { Database, Statement } from 'better-sqlite3';
import { ChangeSignal } from './change-signal.js';
import { isBusy } from './failures.js';
import { MAX_PARTITIONS } from './topic-table.js';

export interface EndSubscriber {
  /** Some partition reaches further than before. */
  advanced(): void;
  /** The file cannot be read any more. */
  failed(error: unknown): void;
}

export interface EndWatcherOptions {
  readonly database: Database;
  readonly path: string;
  readonly pollIntervalMs: number;
  /** Throws when the file is not there any more: what others append can then never be seen. */
  readonly checkFiles: () => void;
}

/** While anybody waits. */
const FILES_CHECKED_EVERY_MS = 1_000;

export class EndWatcher {
  readonly #ends = new Map<number, number>();
  readonly #subscribers = new Set<EndSubscriber>();
  readonly #dataVersion: Statement<[], number>;
  readonly #selectEnds: Statement<[], [topicId: number, partition: number, end: number]>;
  readonly #signal: ChangeSignal;
  #seenVersion: number | undefined;

  readonly #checkFiles: () => void;
  #filesCheckedMs = -Infinity;

  constructor({ database, path, pollIntervalMs, checkFiles }: EndWatcherOptions) {
    this.#checkFiles = checkFiles;
    this.#signal = new ChangeSignal(`${path}-wal`, pollIntervalMs, () => this.#look());
    this.#dataVersion = database.prepare<[], number>('PRAGMA data_version').pluck(true);
    this.#selectEnds = database.prepare<[], [number, number, number]>('SELECT topic_id, partition, next_offset FROM partition').raw(true);
  }

  /** At least the end when somebody last looked; fresh enough to decide whether reading is worth while. */
  end(topicId: number, partition: number): number {
    return this.#ends.get(endKey(topicId, partition)) ?? 0;
  }

  /** Looks at the file before it returns, so what was appended before is known. Answers how to unsubscribe. */
  subscribe(subscriber: EndSubscriber): () => void {
    this.#refresh();
    if (this.#subscribers.size === 0) this.#signal.start();
    this.#subscribers.add(subscriber);
    return () => {
      if (this.#subscribers.delete(subscriber) && this.#subscribers.size === 0) this.#signal.stop();
    };
  }

  /** To be told of each append of this process. */
  advance(ends: readonly { readonly topicId: number; readonly partition: number; readonly end: number }[]): void {
    let grown = false;
    for (const { topicId, partition, end } of ends) grown = this.#grow(endKey(topicId, partition), end) || grown;
    if (grown) this.#wake();
  }

  /** Tells those who wait when the file is not there any more. */
  checkFiles(): void {
    this.#filesCheckedMs = -Infinity;
    this.#look();
  }

  #look(): void {
    try {
      const nowMs = performance.now();
      if (nowMs - this.#filesCheckedMs >= FILES_CHECKED_EVERY_MS) {
        this.#checkFiles();
        this.#filesCheckedMs = nowMs;
      }
      if (this.#refresh()) this.#wake();
    } catch (error) {
      if (isBusy(error)) return;
      for (const subscriber of [...this.#subscribers]) subscriber.failed(error);
    }
  }

  /** Whether any end has grown. */
  #refresh(): boolean {
    const version = this.#dataVersion.get();
    if (version === this.#seenVersion) return false;
    let grown = false;
    for (const [topicId, partition, end] of this.#selectEnds.all()) grown = this.#grow(endKey(topicId, partition), end) || grown;
    // Only now: a read that failed is to be repeated.
    this.#seenVersion = version;
    return grown;
  }

  #grow(key: number, end: number): boolean {
    if (end <= (this.#ends.get(key) ?? 0)) return false;
    this.#ends.set(key, end);
    return true;
  }

  #wake(): void {
    for (const subscriber of [...this.#subscribers]) subscriber.advanced();
  }
}

function endKey(topicId: number, partition: number): number {
  return topicId * MAX_PARTITIONS + partition;
}
