/** Opens log.db of a data directory, creating it unless it is to be read only. */
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import { makeDirectory } from '../../make-directory.js';
import { asLogFailure, isBusy } from './failures.js';
import { checkVersion, createTables, isEmpty } from './schema.js';
import { makePrivateFile } from '../../private-file.js';

export const LOG_FILE_NAME = 'log.db';
/** Reading waits for nobody, save while another process opens or closes the file. */
export const BUSY_TIMEOUT_MS = 5000;
const RETRY_AFTER_MS = 10;
/** A checkpoint may leave this much of the write-ahead log on the disk for later use. */
const WAL_KEPT_BYTES = 64 * 1024 * 1024;

export interface LogDatabase {
  readonly database: Database.Database;
  /** The one path all names of this file resolve to. */
  readonly path: string;
}

/** @throws no_data when there is nothing to read, state_corrupt or state_newer for a file this version cannot use */
export async function openDatabase(directory: string, readOnly: boolean): Promise<LogDatabase> {
  const path = join(directory, LOG_FILE_NAME);
  if (readOnly && !existsSync(path)) throw noData(directory);
  for (const givesUpAt = performance.now() + BUSY_TIMEOUT_MS; ; ) {
    try {
      return open(directory, path, readOnly);
    } catch (error) {
      // Of several processes that start write-ahead logging at once, SQLite refuses all but one without waiting.
      if (!isBusy(error) || performance.now() > givesUpAt) throw asLogFailure(error, path);
      await delay(RETRY_AFTER_MS);
    }
  }
}

function open(directory: string, path: string, readOnly: boolean): LogDatabase {
  let database: Database.Database | undefined;
  try {
    if (!readOnly) {
      makeDirectory(directory);
      makePrivateFile(path);
    }
    database = new Database(path, { readonly: readOnly, timeout: BUSY_TIMEOUT_MS });
    if (isEmpty(database)) {
      if (readOnly) throw noData(directory);
      useWriteAheadLog(database, path);
      createTables(database);
    }
    checkVersion(database, path);
    if (!readOnly) {
      // Again, for a file that `.recover` made; of a file that is not ours nothing may be changed before it is known.
      useWriteAheadLog(database, path);
      configureWriting(database);
    }
    return { database, path: realpathSync(path) };
  } catch (error) {
    database?.close();
    throw error;
  }
}

function useWriteAheadLog(database: Database.Database, path: string): void {
  if (database.pragma('journal_mode = WAL', { simple: true }) === 'wal') return;
  throw new TipstreamError('log_failed', `${path}: SQLite cannot keep a write-ahead log here`, {
    hint: 'Keep the data directory on a local disk; network file systems will not do.',
    details: { path },
  });
}

function configureWriting(database: Database.Database): void {
  // On macOS a plain fsync stops at the drive's cache.
  database.pragma('fullfsync = ON');
  // Of what is deleted no bytes stay in the file.
  database.pragma('secure_delete = ON');
  database.pragma(`journal_size_limit = ${WAL_KEPT_BYTES}`);
}

function noData(directory: string): TipstreamError {
  return new TipstreamError('no_data', `there is no log in ${directory}`, {
    hint: 'Write the first events with `tipstream produce`, or point --data at the directory that holds them.',
    details: { directory },
  });
}
