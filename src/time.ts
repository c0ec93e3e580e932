/** Times as people and queries write them: Unix milliseconds or ISO 8601. */
import { MAX_TIME_MS } from './topics.js';

const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)([Zz]|[+ -]\d{2}:\d{2})?)?$/;

/**
 * Unix ms, or undefined when the text is no time from 1970 to 9999. A date alone is its first instant; without a zone it is UTC; digits
 * beyond milliseconds are cut off. A space stands for the `+` of a zone that nobody percent-encoded.
 */
export function parseTime(text: string): number | undefined {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : isoTime(text);
  return ms !== undefined && ms >= 0 && ms <= MAX_TIME_MS ? ms : undefined;
}

function isoTime(text: string): number | undefined {
  const parts = ISO_8601.exec(text);
  if (parts === null) return undefined;
  const [, date, time = '00:00', zone = 'Z'] = parts;
  // Date.parse takes the 31st of a short month for the 1st of the next one.
  const midnight = Date.parse(`${date}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) return undefined;
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase().replace(' ', '+')}`);
  return Number.isNaN(ms) ? undefined : ms;
}
