/**
 * One redrive at a time of a data directory: two would find the same dead letters and send both. None while a user is forgotten: it would
 * put back what it has read of them.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TipstreamError } from '../../errors.js';
import { writingIn } from './data-directory.js';
import { tryLockFile, type FileLock } from './file-lock.js';

/**
 * undefined: there is no such directory, as where Kafka's topics are redriven from a machine without state. Throws data_in_use while
 * another one runs, disk_full, and invalid_argument for a directory that cannot be used.
 */
export function lockRedrive(dataDirectory: string): FileLock | undefined {
  if (!existsSync(dataDirectory)) return undefined;
  const lock = writingIn(dataDirectory, () => tryLockFile(join(dataDirectory, 'redrive.lock')));
  if (lock !== undefined) return lock;
  throw new TipstreamError('data_in_use', `another redrive of dead letters is running on ${dataDirectory}, or a user is being forgotten`, {
    hint: 'Wait for it, or stop the redrive: what it has sent is not sent again.',
    details: { path: dataDirectory },
  });
}
