/** Turning the text of an option into its value. */
import { UsageError } from '../errors.js';
import { suggestion } from '../given.js';
import { isId } from '../events/strings.js';
import { MAX_CANDIDATES } from '../topics.js';

/** For CommandOption.parse: a whole number of at least `min`. */
export function wholeNumber(flag: string, min = 0): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= min) return number;
    if (/^\d{16,}$/.test(text)) throw new UsageError(`${flag} must be a whole number of at most 15 digits, not ${JSON.stringify(text)}`);
    throw new UsageError(`${flag} must be a whole number of at least ${min}, not ${JSON.stringify(text)}`);
  };
}

/** For CommandOption.parse: a number from `min` to `max`. */
export function numberWithin(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? NaN : Number(text);
    if (number >= min && number <= max) return number;
    throw new UsageError(`${flag} must be a number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  };
}

/** For CommandOption.parse: how many candidates each simulated decision has. */
export function candidatesOption(text: string): number {
  const number = wholeNumber('--candidates', 1)(text);
  if (number <= MAX_CANDIDATES) return number;
  throw new UsageError(`--candidates must be at most ${MAX_CANDIDATES}, not ${number}`);
}

/** A user_id that events can have. `what` names the option or the argument. */
export function parseUserId(what: string): (text: string) => string {
  return (text) => {
    if (isId(text)) return text;
    throw new UsageError(`${what} must be a user_id: 1 to 128 characters, none of them a control character`);
  };
}

/** For CommandOption.parse: one of these words. */
export function oneOf<const Word extends string>(flag: string, words: readonly Word[]): (text: string) => Word {
  return (text) => {
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    throw new UsageError(`${flag} must be one of ${words.join(', ')}, not ${JSON.stringify(text)}`, { hint: suggestion(text, words) });
  };
}
