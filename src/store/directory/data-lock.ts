/** One process runs workers on a data directory. The lock is a file's; owner.json only says who holds it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../../errors.js';
import { makeDirectory } from '../../make-directory.js';
import { writingIn } from './data-directory.js';
import { isFileLocked, tryLockFile } from './file-lock.js';
import { PRIVATE_FILE_MODE } from '../../private-file.js';

export interface DataOwner {
  readonly pid: number;
  readonly started_at_ms: number;
  /** The HTTP address, once it listens. */
  readonly http: string | null;
}

export interface DataLock {
  /** Tell readers where this process answers. */
  publish(http: string | null): void;
  release(): void;
}

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
  const lock = writingIn(dataDirectory, () => tryLockFile(join(dataDirectory, 'owner.lock')));
  if (lock === undefined) throw inUse(dataDirectory);
  const publish = (http: string | null): void => {
    const owner: DataOwner = { pid: process.pid, started_at_ms: nowMs, http };
    writingIn(dataDirectory, () => writeFileSync(ownerFile(dataDirectory), `${JSON.stringify(owner)}\n`, { mode: PRIVATE_FILE_MODE }));
  };
  try {
    publish(null);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    publish,
    release() {
      if (!lock.held) return; // the note may be another's by now
      rmSync(ownerFile(dataDirectory), { force: true });
      lock.release();
    },
  };
}

function inUse(dataDirectory: string): TipstreamError {
  const owner = dataOwner(dataDirectory);
  const who = owner ? `process ${owner.pid}${owner.http ? `, which answers at ${owner.http}` : ''}` : 'another process';
  return new TipstreamError('data_in_use', `the data directory ${dataDirectory} is in use by ${who}`, {
    hint: 'Stop that process, or give this one a directory of its own with --data.',
    details: { path: dataDirectory, ...(owner ? { owner } : {}) },
  });
}

/** Whether a process runs workers on this directory now: whether its lock is held, which a note that was left behind does not say. */
export function isOwned(dataDirectory: string): boolean {
  const path = join(dataDirectory, 'owner.lock');
  return existsSync(path) && isFileLocked(path);
}
