/** The counts that a state file caches of a user, as they lie in it. */
import { decodeAggregate } from '../projections/aggregate.js';
import { TipstreamError } from '../errors.js';

/** `whose`: the user, as a person can look for them. Throws state_corrupt for what cannot be read as counts. */
export function storedCounters(path: string, whose: string, text: string): Map<string, number> {
  try {
    return decodeAggregate(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TipstreamError('state_corrupt', `state file ${path} is damaged: the cached counts of ${whose}: ${error.message}`, {
      hint: 'Check the disk. Stop `tipstream start` and run `tipstream rebuild`: it makes the state again from the log.',
      details: { path },
      cause: error,
    });
  }
}
