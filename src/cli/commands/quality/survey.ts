/** Reading state files for the commands of this folder, with a line of progress. */
import type { Output } from '../../output/output.js';
import { inTurns } from '../../../in-turns.js';
import type { StateSurvey } from '../../../monitoring/state-survey.js';

const PROGRESS_EVERY_MS = 200;

/** Throws the signal's reason. */
export async function surveyed(steps: Generator<number, StateSurvey>, output: Output, signal: AbortSignal): Promise<StateSurvey> {
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
