/**
 * All writes of one log object, in the order they were asked for. Whatever waits when the event loop comes round goes into one
 * transaction and one fsync. While another process writes, the queue waits on a timer: SQLite's own busy handler would put the
 * whole process to sleep.
 */
import { existsSync } from 'node:fs';
import type { Database, Statement } from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import { SameFile } from '../../same-file.js';
import { asLogFailure, closedLog, isBusy, lostFile } from './failures.js';
import { BUSY_TIMEOUT_MS } from './open-database.js';

/** A transaction takes no further write once it has this many records or bytes; a larger write has one to itself. */
const TRANSACTION_RECORDS = 5000;
const TRANSACTION_BYTES = 4 * 1024 * 1024;
/** Callers that do not wait for their appends are refused above this. */
const WAITING_BYTES_LIMIT = 512 * 1024 * 1024;
const GIVE_UP_AFTER_MS = 30_000;
const RETRY_AFTER_MS = 1;

export type Synchronous = 'full' | 'normal';

export interface Write<Result> {
  readonly records: number;
  readonly bytes: number;
  /** Whether the promise may resolve only when the write survives a power cut. */
  readonly durable: boolean;
  /** Runs within a transaction, perhaps more than once: a transaction that failed for another write's sake is tried again. */
  run(): Result;
}

interface Waiting {
  readonly write: Write<unknown>;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class WriteQueue {
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #rollback: Statement;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #scheduled = false;
  #busySinceMs: number | undefined;
  /** The next so many writes get a transaction each, because together they failed. */
  #apart = 0;
  #synchronous: Synchronous | undefined;
  #closed: (() => void) | undefined;
  /** log.db and, from the first transaction on, its write-ahead log. */
  readonly #files: SameFile[];

  constructor(
    private readonly database: Database,
    private readonly path: string,
    private readonly durability: Synchronous,
  ) {
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
    this.#files = database.memory ? [] : [new SameFile(path)];
    if (existsSync(`${path}-wal`)) this.#rememberWriteAheadLog();
  }

  /** Resolves with what `run` answered, once it is committed. One that still waits when the signal aborts is not written, and rejects. */
  submit<Result>(write: Write<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.#closed !== undefined) return Promise.reject(closedLog(this.path));
    if (this.#waiting.length > 0 && this.#waitingBytes + write.bytes > WAITING_BYTES_LIMIT) {
      return Promise.reject(
        new TipstreamError('log_unavailable', `${this.path}: ${this.#waitingBytes} bytes already wait to be written`, {
          hint: 'Wait for earlier appends before making more.',
        }),
      );
    }
    return new Promise<Result>((resolve, reject) => {
      const waiting = { write, resolve: resolve as (result: unknown) => void, reject };
      this.#waiting.push(waiting);
      this.#waitingBytes += write.bytes;
      this.#schedule();
      signal?.addEventListener('abort', () => this.#withdraw(waiting), { once: true });
    });
  }

  /** Resolves when what was asked for so far is done. */
  async idle(): Promise<void> {
    if (this.#waiting.length > 0) await this.submit({ records: 0, bytes: 0, durable: false, run: () => undefined });
  }

  /** Takes no more writes; resolves when those that wait are done. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      this.#schedule();
    });
  }

  #withdraw(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index < 0) return;
    this.#waiting.splice(index, 1);
    this.#waitingBytes -= waiting.write.bytes;
    this.#apart = Math.max(0, this.#apart - 1);
    waiting.reject(
      new TipstreamError('log_unavailable', `${this.path}: another process writes, and this write was withdrawn`, {
        hint: 'Try again in a moment.',
      }),
    );
  }

  /** Throws log_failed when the files of the log are not the ones that are open any more. */
  checkFiles(): void {
    for (const file of this.#files) {
      const { fate } = file;
      if (fate !== undefined) throw lostFile(file.path, fate);
    }
  }

  /** Within a transaction it is there. */
  #rememberWriteAheadLog(): void {
    if (this.#files.length !== 1) return;
    const path = `${this.path}-wal`;
    if (!existsSync(path)) throw lostFile(path, 'removed');
    this.#files.push(new SameFile(path));
  }

  #schedule(delayMs = 0): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const flush = () => {
      this.#scheduled = false;
      this.#flush();
    };
    if (delayMs > 0) setTimeout(flush, delayMs);
    else setImmediate(flush);
  }

  #flush(): void {
    const batch = this.#nextBatch();
    if (batch.length === 0) {
      this.#closed?.();
      return;
    }
    let results: unknown[] | undefined;
    try {
      results = this.#transact(batch);
    } catch (error) {
      this.#failed(batch, error);
    }
    if (results !== undefined) {
      this.#remove(batch);
      batch.forEach((each, index) => each.resolve(results[index]));
    }
    if (this.#waiting.length > 0 || this.#closed !== undefined) this.#schedule();
  }

  /** undefined: another process is writing, and the queue comes back to it. */
  #transact(batch: readonly Waiting[]): unknown[] | undefined {
    this.#setSynchronous(batch.some((each) => each.write.durable) ? this.durability : 'normal');
    if (!this.#beginWithoutSleeping()) return undefined;
    try {
      this.#rememberWriteAheadLog();
      this.checkFiles();
      const results = batch.map((each) => each.write.run());
      this.#commit.run();
      this.checkFiles();
      return results;
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (this.database.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  #beginWithoutSleeping(): boolean {
    this.database.pragma('busy_timeout = 0');
    try {
      this.#begin.run();
      this.#busySinceMs = undefined;
      return true;
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.#busySinceMs ??= performance.now();
      if (performance.now() - this.#busySinceMs > GIVE_UP_AFTER_MS) {
        this.#busySinceMs = undefined;
        throw error;
      }
      this.#schedule(RETRY_AFTER_MS);
      return false;
    } finally {
      this.database.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
    }
  }

  #failed(batch: readonly Waiting[], error: unknown): void {
    const isOwnFault = !isBusy(error) && this.#files.every(({ fate }) => fate === undefined);
    if (isOwnFault && batch.length > 1) {
      this.#apart = batch.length;
      return;
    }
    this.#remove(batch);
    const failure = asLogFailure(error, this.path);
    for (const each of batch) each.reject(failure);
  }

  #nextBatch(): Waiting[] {
    if (this.#apart > 0) return this.#waiting.slice(0, 1);
    let [count, records, bytes] = [0, 0, 0];
    for (const { write } of this.#waiting) {
      if (count > 0 && (records + write.records > TRANSACTION_RECORDS || bytes + write.bytes > TRANSACTION_BYTES)) break;
      count += 1;
      records += write.records;
      bytes += write.bytes;
    }
    return this.#waiting.slice(0, count);
  }

  #remove(batch: readonly Waiting[]): void {
    this.#waiting = this.#waiting.slice(batch.length);
    for (const { write } of batch) this.#waitingBytes -= write.bytes;
    this.#apart = Math.max(0, this.#apart - batch.length);
  }

  #setSynchronous(synchronous: Synchronous): void {
    if (this.#synchronous === synchronous) return;
    this.database.pragma(`synchronous = ${synchronous}`);
    this.#synchronous = synchronous;
  }
}
