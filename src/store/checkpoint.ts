/** Copies the write-ahead log of a state file into the file, beside whoever writes to it. */
import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { isBusy } from '../log/sqlite/failures.js';

/** What is committed meanwhile stays, and SQLite resets the log only once nothing has stayed: so a little more often. */
const TIMES = 4;

interface Copied {
  /** Frames in the write-ahead log, and how many of them are in the file. */
  readonly log: number;
  readonly checkpointed: number;
}

/**
 * Makes nobody wait, and leaves what it cannot copy without that: what a reader still needs, or all while the log is being emptied. Does
 * nothing where the file is not there any more. Throws SqliteError.
 */
export function checkpoint(path: string): void {
  try {
    checkpointFile(path);
  } catch (error) {
    if (!isBusy(error) && existsSync(path)) throw error;
  }
}

function checkpointFile(path: string): void {
  const db = new Database(path, { fileMustExist: true, timeout: 0 });
  try {
    db.pragma('synchronous = NORMAL');
    for (let time = 0; time < TIMES; time++) {
      const [{ log, checkpointed }] = db.pragma('wal_checkpoint(PASSIVE)') as [Copied];
      if (checkpointed === log) return;
    }
  } finally {
    db.close();
  }
}
