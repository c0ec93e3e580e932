/** Writing files beside the state files: a full disk is said in tipstream's words. */
import { TipstreamError } from '../errors.js';

const FULL = new Set(['ENOSPC', 'EDQUOT', 'SQLITE_FULL']);

/** Runs `work`, which writes in that directory. Throws disk_full, and whatever else the file system throws. */
export function writingIn<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!FULL.has((error as { code?: string }).code ?? '')) throw error;
    throw new TipstreamError('disk_full', `no space left in ${directory}`, { hint: 'free space on that disk, then start again: nothing is lost', details: { path: directory }, cause: error });
  }
}
