/** SQLITE_IOERR_SHMSIZE: there is no room for the index of a write-ahead log, which whoever opens the file first makes. */
const CODES = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL', 'SQLITE_IOERR_SHMSIZE']);

/** Whether the file system or SQLite failed because no space is left. */
export function isDiskFull(error: unknown): boolean {
  return CODES.has((error as { code?: string } | undefined)?.code ?? '');
}
