/**
 * Every error a user can meet, in one closed list. A code says what kind of thing happened; the message says
 * what and where; the hint says what to do. HTTP answers, CLI output and logs all use these codes.
 */
interface ErrorKind {
  /** HTTP status when the error reaches an HTTP caller. */
  readonly http: number;
  /** Whether the same call may succeed later without anything else being changed. */
  readonly retryable: boolean;
}

export const ERROR_KINDS = {
  invalid_argument: { http: 400, retryable: false },
  invalid_event: { http: 422, retryable: false },
  unauthorized: { http: 401, retryable: false },
  forbidden: { http: 403, retryable: false },
  not_found: { http: 404, retryable: false },
  user_not_found: { http: 404, retryable: false },
  as_of_pruned: { http: 410, retryable: false },
  topic_not_found: { http: 404, retryable: false },
  group_not_found: { http: 404, retryable: false },
  policy_not_found: { http: 404, retryable: false },
  prompt_not_found: { http: 404, retryable: false },
  not_promotable: { http: 409, retryable: false },
  not_enough_data: { http: 409, retryable: false },
  method_not_allowed: { http: 405, retryable: false },
  too_many_requests: { http: 429, retryable: true },
  unsupported_media_type: { http: 415, retryable: false },
  payload_too_large: { http: 413, retryable: false },
  record_too_large: { http: 413, retryable: false },
  not_owner: { http: 421, retryable: true },
  not_ready: { http: 503, retryable: true },
  timeout: { http: 504, retryable: true },
  gateway_not_configured: { http: 501, retryable: false },
  gateway_unavailable: { http: 502, retryable: true },
  gateway_rate_limited: { http: 429, retryable: true },
  gateway_refused: { http: 502, retryable: false },
  gateway_bad_answer: { http: 502, retryable: true },
  gateway_timeout: { http: 504, retryable: true },
  data_in_use: { http: 409, retryable: true },
  address_in_use: { http: 500, retryable: true },
  no_data: { http: 404, retryable: false },
  log_unavailable: { http: 503, retryable: true },
  log_failed: { http: 500, retryable: false },
  schema_registry_unavailable: { http: 503, retryable: true },
  schema_registry_refused: { http: 502, retryable: false },
  offset_out_of_range: { http: 404, retryable: false },
  log_changed: { http: 500, retryable: false },
  partition_count_changed: { http: 500, retryable: false },
  stale_owner: { http: 500, retryable: false },
  state_corrupt: { http: 500, retryable: false },
  permission_denied: { http: 500, retryable: false },
  too_many_open_files: { http: 503, retryable: true },
  disk_failed: { http: 500, retryable: false },
  state_removed: { http: 500, retryable: false },
  state_newer: { http: 500, retryable: false },
  state_mismatch: { http: 500, retryable: false },
  state_incomplete: { http: 500, retryable: false },
  disk_full: { http: 507, retryable: true },
  closed: { http: 500, retryable: false },
  sqlite_not_loaded: { http: 500, retryable: false },
  output_failed: { http: 500, retryable: false },
  unsupported_codec: { http: 500, retryable: false },
  internal: { http: 500, retryable: false },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERROR_KINDS;

export interface ErrorOptions {
  /** What the reader should do next, as a sentence. */
  readonly hint?: string;
  /** Machine-readable facts: topic, partition, offset, path and the like. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** An error meant for a person: `message` says what happened and where, `hint` what to do. */
export class TipstreamError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'TipstreamError';
    this.code = code;
    this.hint = options.hint;
    this.details = options.details;
  }

  get retryable(): boolean {
    return ERROR_KINDS[this.code].retryable;
  }
}

/** The command line or the environment asks for something that makes no sense: the CLI exits with 64 instead of 1. */
export class UsageError extends TipstreamError {
  constructor(message: string, options: ErrorOptions = {}) {
    super('invalid_argument', message, options);
    this.name = 'UsageError';
  }
}

/** SQLITE_IOERR_SHMSIZE: there is no room for the index of a write-ahead log, which whoever opens the file first makes. */
const DISK_FULL_CODES = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']);

/** Whether the file system or SQLite failed because no space is left. */
export function isDiskFull(error: unknown): boolean {
  return DISK_FULL_CODES.has((error as { code?: string } | undefined)?.code ?? '');
}

/**
 * The error to throw when better-sqlite3 cannot load its compiled half; undefined for any other error. That half fits one major version of
 * Node.js (ERR_DLOPEN_FAILED, which names NODE_MODULE_VERSION), and is missing where install scripts were switched off.
 */
export function asNotLoaded(error: unknown): TipstreamError | undefined {
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  const missing = message.startsWith('Could not locate the bindings file');
  if (!missing && code !== 'ERR_DLOPEN_FAILED' && !message.includes('NODE_MODULE_VERSION')) return undefined;
  const why = missing
    ? 'has no compiled module here (install scripts did not run)'
    : message.includes('NODE_MODULE_VERSION')
      ? `was compiled for another major version of Node.js than this ${process.version}`
      : `cannot load its compiled module (${message.split('\n', 1)[0]})`;
  return new TipstreamError('sqlite_not_loaded', `better-sqlite3 ${why}: run \`npm rebuild better-sqlite3\``, { cause: error });
}

/** What the operating system says, in words. */
const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a directory',
  EACCES: 'this user has no permission',
  EPERM: 'this user has no permission',
  ELOOP: 'its symbolic links go round in a circle',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOSPC: 'no space is left',
  SQLITE_FULL: 'no space is left',
  SQLITE_IOERR_SHMSIZE: 'no space is left',
  EDQUOT: 'no space is left',
  EFBIG: 'it would become larger than a file may be',
  EROFS: 'the file system is read-only',
  EIO: 'the device failed',
};

function why(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WHY[code ?? ''] ?? message;
}

/** output_failed: what was to be printed or written to the file that the user named could not be. */
export function cannotWrite(name: string, error: unknown): TipstreamError {
  return new TipstreamError('output_failed', `cannot write ${name}: ${why(error)}`, { details: { file: name }, cause: error });
}

/** not_found: a file that the user named, whatever for, cannot be read. */
export function cannotRead(name: string, error: unknown, hint = 'Check the name of the file, and its permissions.'): TipstreamError {
  return new TipstreamError('not_found', `cannot read ${name === '' ? '""' : name}: ${why(error)}`, {
    hint,
    details: { file: name },
    cause: error,
  });
}
