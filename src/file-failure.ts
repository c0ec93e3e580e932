/**
 * What the operating system or SQLite says about a file that cannot be used, named for what it is: a permission, a limit or a disk is
 * not damage, and a file that is whole must not be made again for it.
 */
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { isDiskFull, TipstreamError, type ErrorCode } from './errors.js';

type Kind = Extract<ErrorCode, 'disk_full' | 'permission_denied' | 'too_many_open_files' | 'disk_failed' | 'state_removed'>;

const SYSTEM: Readonly<Record<string, Kind>> = {
  EACCES: 'permission_denied',
  EPERM: 'permission_denied',
  EROFS: 'permission_denied',
  EMFILE: 'too_many_open_files',
  ENFILE: 'too_many_open_files',
  EIO: 'disk_failed',
  ENOENT: 'state_removed',
  ENOTDIR: 'state_removed',
};

const WORDS: Readonly<Record<Kind, readonly [what: string, hint: string]>> = {
  disk_full: ['cannot be written: no space is left', 'Free space on that disk, then start again: nothing is lost.'],
  permission_denied: [
    'cannot be read or written by this user',
    'Give this user the right to read and write the file and its directory, or mount the disk writable. The file itself is not damaged.',
  ],
  too_many_open_files: [
    'cannot be opened: too many files are open',
    'Raise the limit of open files (`ulimit -n`, LimitNOFILE in systemd). The file itself is not damaged.',
  ],
  disk_failed: ['cannot be read or written: the disk or its file system failed', 'Look at the system log for errors of the disk.'],
  state_removed: ['is not there any more', 'Stop what removes files of the data directory, then start again.'],
};

/** SQLite opens a file with its write-ahead log and index, and closes them all when one of them fails. */
const FILES_AT_ONCE = 6;

/** undefined: it is none of these, but damage or a defect. `what`: how to call the file. */
export function fileFailure(what: string, path: string, error: unknown): TipstreamError | undefined {
  const { code = '', message = '' } = (error ?? {}) as { code?: string; message?: string };
  const kind = kindOf(path, error, code, message);
  if (kind === undefined) return undefined;
  const [says, hint] = WORDS[kind];
  return new TipstreamError(kind, `${what} ${path} ${says} (${code === '' ? message : code})`, {
    hint,
    details: { path, cause: code },
    cause: error,
  });
}

function kindOf(path: string, error: unknown, code: string, message: string): Kind | undefined {
  if (isDiskFull(error)) return 'disk_full';
  if (code === 'SQLITE_READONLY_DBMOVED') return 'state_removed';
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_PERM')) return 'permission_denied';
  if (code.startsWith('SQLITE_CANTOPEN') || /directory does not exist/.test(message)) return whyNotOpen(path) ?? 'disk_failed';
  if (code.startsWith('SQLITE_IOERR')) return whyNotOpen(path) ?? 'disk_failed';
  return SYSTEM[code];
}

/** SQLite keeps the reason to itself, so the same is tried again. */
function whyNotOpen(path: string): Kind | undefined {
  const opened: number[] = [];
  try {
    while (opened.length < FILES_AT_ONCE) opened.push(openSync(path, 'r'));
    accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    return undefined;
  } catch (error) {
    return SYSTEM[(error as NodeJS.ErrnoException).code ?? ''];
  } finally {
    for (const file of opened) closeSync(file);
  }
}
