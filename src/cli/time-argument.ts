import { parseTime } from '../time.js';
import { UsageError } from '../errors.js';

/** Unix ms of an option's text: Unix ms or ISO 8601. Throws UsageError naming the option. */
export function timeOption(flag: string): (text: string) => number {
  return (text) => {
    const ms = parseTime(text);
    if (ms !== undefined) return ms;
    throw new UsageError(
      `${flag} must be Unix milliseconds or ISO 8601 such as 2026-11-20T08:00:00Z, not ${JSON.stringify(text.slice(0, 60))}`,
    );
  };
}
