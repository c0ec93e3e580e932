/** Writing files beside the state files: a full disk is said in tipstream's words. */
import { fileFailure } from '../../file-failure.js';
import { isDiskFull, TipstreamError } from '../../errors.js';

/** Runs `work`, which writes in that directory. Throws what file-failure.ts names, and whatever else the file system throws. */
export function writingIn<T>(directory: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isDiskFull(error)) throw fileFailure('the directory', directory, error) ?? error;
    throw new TipstreamError('disk_full', `no space left in ${directory}`, {
      hint: 'Free space on that disk, then start again: nothing is lost.',
      details: { path: directory },
      cause: error,
    });
  }
}
