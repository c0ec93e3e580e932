/** Reading state files for the commands of this folder, with a line of progress. */
import type { Output } from '../../output/output.js';
import { inTurns } from '../../../in-turns.js';

const PROGRESS_EVERY_MS = 200;

/** Throws the signal's reason. */
export async function surveyed<Found>(steps: Generator<number, Found>, output: Output, signal: AbortSignal): Promise<Found> {
  let saidMs = 0;
  try {
    return await inTurns(steps, signal, (users) => {
      const nowMs = performance.now();
      if (nowMs - saidMs < PROGRESS_EVERY_MS) return;
      saidMs = nowMs;
      output.progress(`${users.toLocaleString('en')} users read`);
    });
  } finally {
    output.progress('');
  }
}
