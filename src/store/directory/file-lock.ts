/**
 * A lock of one process at a time: SQLite's own lock on a file of which it is the only use, which the operating system drops when the
 * process dies, so that a killed holder never leaves a stale lock behind.
 */
import Database from 'better-sqlite3';
import { makePrivateFile } from '../../private-file.js';

export interface FileLock {
  readonly held: boolean;
  /** Once is enough; more does nothing. */
  release(): void;
}

/** A connection that nobody refers to is closed by the garbage collector, and the lock would go with it. */
const held = new Set<Database.Database>();

/** Makes the file when it is not there. undefined: somebody holds it. Throws what SQLite throws of a file that cannot be used. */
export function tryLockFile(path: string): FileLock | undefined {
  makePrivateFile(path);
  const db = new Database(path, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY'); // so that a lock writes nothing
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if ((error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true) return undefined;
    throw error;
  }
  held.add(db);
  return {
    get held() {
      return held.has(db);
    },
    release() {
      if (!held.delete(db)) return;
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

/** Whether somebody holds it. Takes nothing that would keep another from taking it, but for the moment that it takes to look. */
export function isFileLocked(path: string): boolean {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { readonly: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return (error as { code?: string }).code?.startsWith('SQLITE_BUSY') === true;
  } finally {
    db?.close();
  }
}
