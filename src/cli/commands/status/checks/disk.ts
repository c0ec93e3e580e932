/** Whether there is room, and what takes it. */
import { existsSync, lstatSync, readdirSync, statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../../../../config.js';
import { stateDirectory } from '../../../../store/directory/layout.js';
import { bytesText, type Check } from '../check.js';

/** A rebuild makes the state once more beside the live one, and everything else needs some room too. */
export const LEAST_FREE_BYTES = 1024 ** 3;

export interface DiskFacts {
  readonly freeBytes: number;
  readonly stateBytes: number;
  /** Of the embedded log; null on Kafka. */
  readonly logBytes: number | null;
}

/** Throws what the file system throws. */
export function readDisk({ data, log }: Config): DiskFacts {
  const { bavail, bsize } = statfsSync(existing(resolve(data)));
  const ofLog = ['log.db', 'log.db-wal', 'log.db-shm'].map((name) => bytesOf(join(data, name)));
  return {
    freeBytes: bavail * bsize,
    stateBytes: bytesOf(stateDirectory(data)),
    logBytes: log === 'sqlite' ? ofLog.reduce((sum, bytes) => sum + bytes, 0) : null,
  };
}

export function diskCheck({ freeBytes, stateBytes, logBytes }: DiskFacts): Check {
  const bound = Math.max(LEAST_FREE_BYTES, stateBytes);
  const sizes = `state ${bytesText(stateBytes)}${logBytes === null ? '' : `, log ${bytesText(logBytes)}`}`;
  const numbers = { free_bytes: freeBytes, least_free_bytes: bound, state_bytes: stateBytes, log_bytes: logBytes };
  const free = `${bytesText(freeBytes)} free`;
  if (freeBytes >= bound) return { name: 'disk', status: 'ok', summary: `${free}; ${sizes}`, ...numbers };
  const why = bound === stateBytes ? 'a rebuild needs the room of the state once more' : 'less than it should be';
  const summary = `${free} of at least ${bytesText(bound)}: ${why}; ${sizes}`;
  return { name: 'disk', status: 'attention', summary, next: 'df -h', ...numbers };
}

/** The folder itself, or the nearest one above it that is there. */
function existing(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** Of a file, or of all that a folder holds; what goes away meanwhile counts nothing. */
function bytesOf(path: string): number {
  try {
    const found = lstatSync(path);
    if (!found.isDirectory()) return found.size;
    return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name)), 0);
  } catch {
    return 0;
  }
}
