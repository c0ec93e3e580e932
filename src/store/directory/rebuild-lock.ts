/** One rebuild at a time of a data directory, and none while a user is forgotten. */
import { join } from 'node:path';
import { TipstreamError } from '../../errors.js';
import { makeDirectory } from '../../make-directory.js';
import { writingIn } from './data-directory.js';
import { tryLockFile, type FileLock } from './file-lock.js';
import { stateDirectory } from './layout.js';

/** Throws data_in_use while somebody else holds it, disk_full, and invalid_argument for a directory that cannot be used. */
export function lockRebuild(dataDirectory: string): FileLock {
  const directory = stateDirectory(dataDirectory);
  makeDirectory(directory);
  const lock = writingIn(dataDirectory, () => tryLockFile(join(directory, 'rebuild.lock')));
  if (lock !== undefined) return lock;
  throw new TipstreamError('data_in_use', `another rebuild is running on ${dataDirectory}, or a user is being forgotten`, {
    hint: 'Wait for it, or stop the rebuild: what it has done is kept, and the next rebuild continues with it.',
    details: { path: dataDirectory },
  });
}
