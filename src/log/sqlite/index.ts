/**
 * The embedded log: one SQLite file, `log.db`, in the data directory. Start with `log.ts`; `schema.ts` has the tables,
 * `write-queue.ts` how appends become transactions, `end-watcher.ts` how readers learn of them, `group.ts` and `member.ts` the
 * consumer group.
 */
import { openDatabase } from './open-database.js';
import { SqliteLog } from './log.js';
import type { Synchronous } from './write-queue.js';

export type { SqliteLog } from './log.js';
export { LOG_FILE_NAME } from './open-database.js';

const POLL_INTERVAL_MS = 4;

export interface SqliteLogOptions {
  /** The data directory; created unless the log is opened to read only. */
  readonly directory: string;
  /** Default false. */
  readonly readOnly?: boolean;
  /** full (the default): an append that resolved survives a power cut. normal: it survives the end of the process. */
  readonly synchronous?: Synchronous;
  /** Unix ms, for records that come without a timestamp. Default: the system clock. */
  readonly clock?: () => number;
  /** How often waiting readers look for appends of other processes while there are some. Default 4 ms. */
  readonly pollIntervalMs?: number;
  /** Who copies the file when it is rewritten. Default: a process, so that this one goes on meanwhile. */
  readonly rewrittenBy?: 'process' | 'caller';
}

/** @throws no_data when there is nothing to read, state_corrupt, state_newer, log_failed */
export async function openSqliteLog(options: SqliteLogOptions): Promise<SqliteLog> {
  const readOnly = options.readOnly ?? false;
  return new SqliteLog(await openDatabase(options.directory, readOnly), {
    readOnly,
    synchronous: options.synchronous ?? 'full',
    clock: options.clock ?? Date.now,
    pollIntervalMs: options.pollIntervalMs ?? POLL_INTERVAL_MS,
    rewrittenBy: options.rewrittenBy ?? 'process',
  });
}
