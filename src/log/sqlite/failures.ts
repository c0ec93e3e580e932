/** What SQLite says went wrong, in tipstream's codes and with what the reader can do. */
import Database from 'better-sqlite3';
import { fileFailure } from '../../file-failure.js';
import { asNotLoaded, type ErrorCode, TipstreamError } from '../../errors.js';
import { howToCreate } from '../topic-settings.js';

/** SQLite's primary result codes; an extended one (SQLITE_IOERR_FSYNC) starts with its primary. */
const FAILURES: readonly (readonly [prefix: string, code: ErrorCode, what: string, hint: string])[] = [
  ['SQLITE_IOERR_SHMSIZE', 'disk_full', 'no space is left for the log', 'Free space on the disk that holds the data directory.'],
  [
    'SQLITE_FULL',
    'disk_full',
    'no space is left for the log',
    'Free space on the disk that holds the data directory; nothing of this call was written.',
  ],
  [
    'SQLITE_CORRUPT',
    'state_corrupt',
    'the log is damaged',
    'Restore the data directory from a backup, or recover it with `sqlite3 log.db .recover`.',
  ],
  [
    'SQLITE_NOTADB',
    'state_corrupt',
    'the file is not a tipstream log',
    'Restore log.db from a backup, or point --data at another directory.',
  ],
  ['SQLITE_BUSY', 'log_unavailable', 'another process is writing', 'Try again; if it stays so, find the process that holds the file.'],
];

export function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');
}

/** The same error when it is already one of ours. */
export function asLogFailure(error: unknown, path: string): Error {
  if (error instanceof TipstreamError) return error;
  const failure = fileFailure('the log', path, error);
  if (failure !== undefined && failure.code !== 'disk_full') return failure.code === 'state_removed' ? lostFile(path, 'removed') : failure;
  if (!(error instanceof Database.SqliteError)) return asNotLoaded(error) ?? (error instanceof Error ? error : new Error(String(error)));
  const [, code, what, hint] = FAILURES.find(([prefix]) => error.code.startsWith(prefix)) ?? [
    '',
    'log_failed' as const,
    'SQLite refused',
    undefined,
  ];
  return new TipstreamError(code, `${path}: ${what} (${error.code}: ${error.message})`, {
    ...(hint === undefined ? {} : { hint }),
    details: { path, sqlite: error.code },
    cause: error,
  });
}

export function readOnlyLog(path: string): TipstreamError {
  return new TipstreamError('invalid_argument', `${path} was opened to read only`, {
    hint: 'Run the command that writes on its own.',
    details: { path },
  });
}

export function lostFile(path: string, fate: 'removed' | 'replaced'): TipstreamError {
  return new TipstreamError('log_failed', `${path} was ${fate} while it was open: what is appended to it would be lost`, {
    hint: 'Stop what removes or replaces files of the data directory, restore the directory from a backup if need be, and start again.',
    details: { path, fate },
  });
}

export function closedLog(path: string): TipstreamError {
  return new TipstreamError('log_unavailable', `${path} is closed`, { details: { path } });
}

export function topicNotFound(topic: string): TipstreamError {
  return new TipstreamError('topic_not_found', `there is no topic ${topic}`, { hint: howToCreate(topic), details: { topic } });
}

export function offsetOutOfRange(topic: string, partition: number, offset: number, range: { low: number; end: number }): TipstreamError {
  const side = offset < range.low ? 'has been deleted' : 'has not been written';
  return new TipstreamError(
    'offset_out_of_range',
    `offset ${offset} of ${topic}/${partition} ${side}: the log holds ${range.low} to ${range.end}`,
    {
      hint:
        'The log was truncated or replaced since this position was stored; rebuild from what ' +
        'it holds, or restore the log it belongs to.',
      details: { topic, partition, offset, low: range.low, end: range.end },
    },
  );
}
