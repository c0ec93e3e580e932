/** Makes the directories that data lie in, for their owner alone, and says in plain words why one cannot be made or used. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isDiskFull, TipstreamError } from './errors.js';
import { fileFailure } from './file-failure.js';
import { PRIVATE_DIRECTORY_MODE } from './private-file.js';

/** As for a file that this user may not write: the path may be the right one. */
const FORBIDDEN: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'the file system is read-only',
};
/** Another path is needed. */
const REASONS: Readonly<Record<string, string>> = {
  EEXIST: 'there is a file of that name',
  ENOTDIR: 'a part of the path is a file',
  ENOENT: 'the file system does not take new directories there',
  ENAMETOOLONG: 'the path is too long',
};

/**
 * The directory is there and can be written afterwards. Its parents are made one by one: where a file system refuses new entries with
 * ENOENT, as /proc does, mkdirSync's own recursion never ends. Throws invalid_argument for a path that cannot be a directory, and
 * permission_denied, disk_full, disk_failed and too_many_open_files as for a file in it.
 */
export function makeDirectory(path: string): void {
  const missing: string[] = [];
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.push(at);
  try {
    for (const directory of missing.reverse()) makeOne(directory);
    if (!statSync(path).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'EEXIST' });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw directoryError(path, error);
  }
}

/** Another process may have been faster. */
function makeOne(directory: string): void {
  try {
    mkdirSync(directory, PRIVATE_DIRECTORY_MODE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !existsSync(directory)) throw error;
  }
}

/** What to tell a person about a failure of the file system; errors of unknown kinds come back as they are. */
export function directoryError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  const options = { details: { path, system: code }, cause: error };
  if (isDiskFull(error))
    return new TipstreamError('disk_full', `no space left to make the directory ${path}`, {
      hint: 'Free space on that disk, then start again.',
      ...options,
    });
  const forbidden = FORBIDDEN[code];
  if (forbidden !== undefined)
    return new TipstreamError('permission_denied', `cannot keep data in ${path}: ${forbidden}`, {
      hint: 'Give this user the right to write there, or choose another directory with --data or TIPSTREAM_DATA.',
      ...options,
    });
  const reason = REASONS[code];
  if (reason === undefined) return fileFailure('the directory', path, error) ?? error;
  return new TipstreamError('invalid_argument', `cannot keep data in ${path}: ${reason}`, {
    hint: 'Choose another with --data, or TIPSTREAM_DATA.',
    ...options,
  });
}
