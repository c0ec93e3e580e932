/** What a rebuild that is not there any more has asked the owner of the directory for. */
import { setTimeout as delay } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import { lockData } from '../store/directory/data-lock.js';
import { forgetSwap, isSwapClaimed, withdrawSwap } from '../store/directory/swap-request.js';

const LOOK_EVERY_MS = 50;

/**
 * Takes it back; where the owner is carrying it out already, waits for that, because the generation that is becoming live is not to be
 * touched. Throws timeout when the owner takes longer than `withinMs`, and the signal's reason.
 */
export async function settlePreviousRequest(
  dataDirectory: string,
  withinMs: number,
  { clock, signal }: { readonly clock: () => number; readonly signal: AbortSignal },
): Promise<void> {
  withdrawSwap(dataDirectory);
  for (const deadlineMs = clock() + withinMs; isSwapClaimed(dataDirectory) && isOwned(dataDirectory, clock()); await delay(LOOK_EVERY_MS)) {
    signal.throwIfAborted();
    if (clock() > deadlineMs)
      throw new TipstreamError(
        'timeout',
        `the service on ${dataDirectory} has been switching to a rebuilt generation for longer than ${withinMs / 1000} s`,
        { hint: 'See the log of that service. Nothing was changed by this rebuild.' },
      );
  }
  forgetSwap(dataDirectory);
}

function isOwned(dataDirectory: string, nowMs: number): boolean {
  try {
    lockData(dataDirectory, nowMs).release();
    return false;
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'data_in_use') return true;
    throw error;
  }
}
