/** Times as people, files and queries write them: Unix milliseconds or ISO 8601. */
import { MAX_TIME_MS } from './topics.js';

/** Text without a meaning here: what may have been meant, where that can be told. */
export interface NoTime {
  readonly ms: undefined;
  readonly guess: TimeGuess | undefined;
}

export interface TimeGuess {
  /** `1795132800 ms is 1970-01-21T18:38:52.800Z; did you mean seconds?` */
  readonly question: string;
  /** What that would be, as a sentence: `1795132800 s is 1795132800000 ms.` */
  readonly answer: string;
  /** The answer, and how else to give what was given, if it was meant. */
  readonly advice: string;
}

/** Smaller numbers of milliseconds are in 1973 or before, where nobody's tips are: they are seconds, or days, or a mistake. */
const LEAST_NUMBER_MS = 100_000_000_000;

const FINER_UNITS = [
  ['microseconds', 1e3],
  ['nanoseconds', 1e6],
] as const;

/** From 2001 to 2286, as nearly every time is given: neither form of ISO 8601 has so many digits, and nothing else can be meant. */
const THIRTEEN_DIGITS = /^[1-9]\d{12}$/;
const WHOLE = /\.0+$/;
const ISO_EXTENDED =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?([Zz]|[+-]\d{2}(?::?\d{2})?| \d{2}:?\d{2})?)?$/;
const ISO_BASIC = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(?:(\d{2})(\.\d{1,9})?)?([Zz]|[+-]\d{2}(?::?\d{2})?| \d{2}:?\d{2})?)?$/;
/** Digits alone that read like a date with a time, of a year in which tips may have been. */
const DIGITS_OF_A_DATE = /^(19[7-9]\d|20\d\d)(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?$/;

/**
 * Of Unix ms, also as 1795132800000.0, or ISO 8601 from 1970 to 9999, extended or basic. A date alone is its first instant, 20261120 too;
 * without a zone it is UTC; digits beyond milliseconds are cut off. A space stands for the `+` of a zone that nobody percent-encoded.
 */
export function readTime(text: string): { readonly ms: number } | NoTime {
  if (THIRTEEN_DIGITS.test(text)) return { ms: Number(text) };
  const ms = isoTime(ISO_EXTENDED, text) ?? isoTime(ISO_BASIC, text.replace(WHOLE, '')) ?? numberMs(text);
  return ms !== undefined && ms >= 0 && ms <= MAX_TIME_MS ? { ms } : { ms: undefined, guess: guessOf(text) };
}

/** What may have been meant by a number of milliseconds; undefined: just that. */
export function guessOfNumber(ms: number): TimeGuess | undefined {
  return Number.isInteger(ms) && ms >= 0 ? guessOf(String(ms)) : undefined;
}

function numberMs(text: string): number | undefined {
  const whole = text.replace(WHOLE, '');
  return /^\d+$/.test(whole) && guessOf(whole) === undefined ? Number(whole) : undefined;
}

function isoTime(form: RegExp, text: string): number | undefined {
  const parts = form.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = parts;
  const date = `${year}-${month}-${day}`;
  // Date.parse takes the 31st of a short month for the 1st of the next one.
  const midnight = Date.parse(`${date}T00:00Z`);
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== date) return undefined;
  const ms = Date.parse(`${date}T${hour}:${minute}:${second}${fraction}${zoneOf(zone)}`);
  return Number.isNaN(ms) ? undefined : ms;
}

/** As Date.parse has it. */
function zoneOf(zone: string): string {
  if (zone === 'Z' || zone === 'z') return 'Z';
  const [, sign, hours, minutes = '00'] = /^([+ -])(\d{2}):?(\d{2})?$/.exec(zone)!;
  return `${sign === '-' ? '-' : '+'}${hours}:${minutes}`;
}

function guessOf(text: string): TimeGuess | undefined {
  if (!/^\d+(\.\d+)?$/.test(text)) return undefined;
  const number = Number(text);
  if (number < LEAST_NUMBER_MS) {
    const answer = `${number} s is ${Math.round(number * 1000)} ms.`;
    return {
      question: `${number} ms is ${new Date(number).toISOString()}; did you mean seconds?`,
      answer,
      advice: `${answer} Give a time before 1973-03-04 as ISO 8601.`,
    };
  }
  const digits = text.replace(WHOLE, '');
  const date = isoTime(ISO_BASIC, digits.replace(DIGITS_OF_A_DATE, '$1$2$3T$4$5$6'));
  if (date !== undefined) {
    const iso = new Date(date).toISOString();
    return guess(`${digits} has the digits of a date; did you mean ${iso}?`, `Give ${iso}, or ${date} in Unix milliseconds.`);
  }
  for (const [unit, perMs] of FINER_UNITS) {
    const ms = Math.floor(number / perMs);
    if (number > MAX_TIME_MS && ms <= MAX_TIME_MS)
      return guess(`${digits} ms is after the year 9999; did you mean ${unit}?`, `${digits} ${unit} are ${ms} ms.`);
  }
  return undefined;
}

function guess(question: string, answer: string): TimeGuess {
  return { question, answer, advice: answer };
}
