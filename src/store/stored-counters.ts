/** The counts that a state file caches of a user, as they lie in it. */
import { TipstreamError } from '../errors.js';

/**
 * `whose`: the user, as a person can look for them. `decode` throws SyntaxError for what it cannot read. Throws
 * state_corrupt then.
 */
export function storedCounters<Decoded>(path: string, whose: () => string, text: string, decode: (text: string) => Decoded): Decoded {
  try {
    return decode(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TipstreamError('state_corrupt', `state file ${path} is damaged: the cached counts of ${whose()}: ${error.message}`, {
      hint: 'Check the disk. Stop `tipstream start` and run `tipstream rebuild`: it makes the state again from the log.',
      details: { path },
      cause: error,
    });
  }
}
