/**
 * Folders for files that live as long as one command: DATA/scratch/ID, beside the state, because that is where there is room (a temporary
 * directory is often memory). Whoever died without removing theirs holds no lock on it any more, and the next one to come removes it.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLockFile, type FileLock } from './file-lock.js';
import { PRIVATE_DIRECTORY_MODE } from '../../private-file.js';

/** Between making a folder and locking it its owner is alive, whatever the lock says. */
const SURELY_LOCKED_MS = 60_000;

export interface Scratch {
  readonly directory: string;
  remove(): void;
}

/** In the system's temporary directory where the data directory cannot be written. */
export function createScratch(dataDirectory: string, nowMs: number): Scratch {
  const parent = writableParent(dataDirectory);
  sweep(parent, nowMs);
  const directory = mkdtempSync(join(parent, 'job-'));
  const lock = lockIn(directory)!;
  const remove = (): void => {
    process.off('exit', remove);
    lock.release();
    rmSync(directory, { recursive: true, force: true });
  };
  process.on('exit', remove); // who reads our output may leave, and a second Ctrl-C ends the process at once
  return { directory, remove };
}

/** Removes what commands that were killed have left. Folders of those that run stay. */
export function sweepScratch(dataDirectory: string): void {
  const parent = join(dataDirectory, 'scratch');
  if (existsSync(parent)) sweep(parent, Infinity);
}

function writableParent(dataDirectory: string): string {
  const parent = join(dataDirectory, 'scratch');
  try {
    mkdirSync(parent, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    rmSync(mkdtempSync(join(parent, 'try-')), { recursive: true });
    return parent;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    const elsewhere = join(tmpdir(), 'tipstream-scratch');
    mkdirSync(elsewhere, { recursive: true, mode: PRIVATE_DIRECTORY_MODE });
    return elsewhere;
  }
}

/** undefined: its owner lives. */
function lockIn(directory: string): FileLock | undefined {
  return tryLockFile(join(directory, 'lock.db'));
}

function sweep(parent: string, nowMs: number): void {
  for (const name of readdirSync(parent)) {
    const directory = join(parent, name);
    try {
      if (nowMs - statSync(directory).mtimeMs < SURELY_LOCKED_MS) continue;
      const lock = lockIn(directory);
      if (lock === undefined) continue;
      lock.release();
      rmSync(directory, { recursive: true, force: true });
    } catch {
      // somebody else's, or just removed: not ours to worry about
    }
  }
}
