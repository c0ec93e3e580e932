import { readTime } from '../time.js';
import { UsageError } from '../errors.js';

/** Unix ms of an option's text: Unix ms or ISO 8601. Throws UsageError naming the option. */
export function timeOption(flag: string): (text: string) => number {
  return (text) => {
    const time = readTime(text);
    if (time.ms !== undefined) return time.ms;
    if (time.guess !== undefined) throw new UsageError(`${flag}: ${time.guess.question}`, { hint: time.guess.advice });
    throw new UsageError(
      `${flag} must be Unix milliseconds or ISO 8601 such as 2026-11-20T08:00:00Z, from 1970 to 9999, ` +
        `not ${JSON.stringify(text.slice(0, 60))}`,
    );
  };
}
