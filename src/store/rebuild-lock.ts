/**
 * One rebuild at a time of a data directory. As with the owner's lock it is SQLite's own file lock, which the operating system drops when the process dies.
 */
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { TipstreamError } from '../errors.js';
import { makeDirectory } from '../make-directory.js';
import { writingIn } from './data-directory.js';
import { stateDirectory } from './layout.js';

export interface RebuildLock {
  release(): void;
}

/** Throws data_in_use while another rebuild holds it, disk_full, and invalid_argument for a directory that cannot be used. */
export function lockRebuild(dataDirectory: string): RebuildLock {
  const lock = tryLock(dataDirectory);
  if (lock !== undefined) return lock;
  throw new TipstreamError('data_in_use', `another rebuild is running on ${dataDirectory}`, { hint: 'wait for it, or stop it: what it has done is kept, and the next rebuild goes on with it', details: { path: dataDirectory } });
}

/** undefined: somebody holds it. */
function tryLock(dataDirectory: string): RebuildLock | undefined {
  const directory = stateDirectory(dataDirectory);
  makeDirectory(directory);
  const db = writingIn(dataDirectory, () => new Database(join(directory, 'rebuild.lock'), { timeout: 0 }));
  try {
    writingIn(dataDirectory, () => {
      db.pragma('journal_mode = DELETE');
      db.exec('BEGIN EXCLUSIVE');
    });
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true) return undefined;
    throw error;
  }
  return {
    release() {
      if (!db.open) return;
      db.exec('ROLLBACK');
      db.close();
    },
  };
}
