/**
 * One process runs workers on a data directory. The lock is SQLite's own file lock, which the operating system drops
 * when the process dies, so that a killed owner never leaves a stale lock behind. owner.json only says who holds it.
 */
import Database from 'better-sqlite3';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../errors.js';
import { makeDirectory } from '../make-directory.js';
import { writingIn } from './data-directory.js';

export interface DataOwner {
  readonly pid: number;
  readonly started_at_ms: number;
  /** The HTTP address, once it listens. */
  readonly http: string | null;
}

export interface DataLock {
  /** Tell readers where this process answers. */
  announce(http: string | null): void;
  release(): void;
}

/** A connection that nobody refers to is closed by the garbage collector, and the lock would go with it. */
const held = new Set<Database.Database>();

const ownerFile = (dataDirectory: string) => join(dataDirectory, 'owner.json');

/** Who runs workers on this directory, as far as its own note says; undefined when there is none. */
export function dataOwner(dataDirectory: string): DataOwner | undefined {
  try {
    return JSON.parse(readFileSync(ownerFile(dataDirectory), 'utf8')) as DataOwner;
  } catch {
    return undefined;
  }
}

/** Throws data_in_use when another process holds the directory, disk_full, and invalid_argument for a directory that cannot be used. */
export function lockData(dataDirectory: string, nowMs: number): DataLock {
  makeDirectory(dataDirectory);
  const db = writingIn(dataDirectory, () => new Database(join(dataDirectory, 'owner.lock'), { timeout: 0 }));
  const write = (http: string | null) => {
    const owner: DataOwner = { pid: process.pid, started_at_ms: nowMs, http };
    writingIn(dataDirectory, () => writeFileSync(ownerFile(dataDirectory), `${JSON.stringify(owner)}\n`));
  };
  try {
    writingIn(dataDirectory, () => takeLock(db, dataDirectory));
    write(null);
  } catch (error) {
    db.close();
    throw error;
  }
  held.add(db);
  return {
    announce: write,
    release() {
      held.delete(db);
      if (!db.open) return;
      rmSync(ownerFile(dataDirectory), { force: true });
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

function takeLock(db: Database.Database, dataDirectory: string): void {
  try {
    db.pragma('journal_mode = DELETE');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    if (!code.startsWith('SQLITE_BUSY')) throw error;
    const owner = dataOwner(dataDirectory);
    const who = owner ? `process ${owner.pid}${owner.http ? `, which answers at ${owner.http}` : ''}` : 'another process';
    throw new TipstreamError('data_in_use', `the data directory ${dataDirectory} is in use by ${who}`, {
      hint: 'stop that process, or give this one a directory of its own with --data',
      details: { path: dataDirectory, ...(owner ? { owner } : {}) },
      cause: error,
    });
  }
}
