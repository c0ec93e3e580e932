/**
 * How the text of an option becomes its value. Each reader refuses what is not one and says what it must be. Plain functions, because
 * every command reads options, and most start faster without zod.
 */
import type { FeatureChoice } from './events/feature-choice.js';
import { FEATURE_SETS } from './topics.js';

/** Turns the text of a flag, variable or default into the value; throws NotAValue. */
export type ValueReader<Value> = (text: string) => Value;

/** `message` says what the text must be, as a sentence goes on after the name of the option. */
export class NotAValue extends Error {}

function refuse(message: string): never {
  throw new NotAValue(message);
}

function matching(pattern: RegExp, message: string): ValueReader<string> {
  return (given) => (pattern.test(given) ? given : refuse(message));
}

export function oneOf<const Word extends string>(words: readonly Word[], message: string): ValueReader<Word> {
  return (given) => words.find((word) => word === given) ?? refuse(message);
}

export function textOf({ max = Infinity, min = 0 }: { readonly max?: number; readonly min?: number }): ValueReader<string> {
  return (given) => {
    if (given.length < min) refuse('must not be empty');
    if (given.length > max) refuse(`must be at most ${max} characters`);
    return given;
  };
}

export const text = textOf({ min: 1 });

export function wholeNumber(min: number, max: number): ValueReader<number> {
  return (given) => {
    if (!/^\d{1,15}$/.test(given)) refuse(`must be a whole number from ${min} to ${max}`);
    const number = Number(given);
    if (number < min) refuse(`must be at least ${min}`);
    return number > max ? refuse(`must be at most ${max}`) : number;
  };
}

const DECIMAL = /^\d*\.?\d+$/;

export const fraction: ValueReader<number> = (given) =>
  DECIMAL.test(given) && Number(given) <= 1 ? Number(given) : refuse('must be a number from 0 to 1');

export const notNegative: ValueReader<number> = (given) =>
  DECIMAL.test(given) && Number.isFinite(Number(given)) ? Number(given) : refuse('must be a number that is not negative');

export const yesOrNo: ValueReader<boolean> = (given) => {
  if (['true', '1', 'yes'].includes(given)) return true;
  return ['false', '0', 'no'].includes(given) ? false : refuse('must be true or false');
};

export const brokerList: ValueReader<string[]> = (given) => {
  const brokers = text(given)
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers.length === 0) refuse('must name a broker');
  if (!brokers.every((broker) => /^(\[[0-9a-fA-F:]+\]|[^\s:/]+)(:\d{1,5})?$/.test(broker))) refuse('must be HOST:PORT,HOST:PORT');
  return brokers.map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:9092`));
};

const DURATION_UNITS_MS = { d: 86_400_000, h: 3_600_000, ms: 1 } as const;
/** The window of profiles, which looks back 30 days, must fit with a day to spare. */
const LEAST_RETENTION_MS = 31 * DURATION_UNITS_MS.d;
const LONGEST_RETENTION_MS = 36_500 * DURATION_UNITS_MS.d;
/** `90d`, `2160h` or whole milliseconds, into milliseconds. */
export const retention: ValueReader<number> = (given) => {
  const [, digits, unit] =
    /^(\d{1,15})(d|h|ms)?$/.exec(given) ?? refuse('must be a duration such as 90d, 2160h or 7776000000 (milliseconds)');
  const ms = Number(digits) * DURATION_UNITS_MS[(unit as keyof typeof DURATION_UNITS_MS | undefined) ?? 'ms'];
  if (ms < LEAST_RETENTION_MS) refuse('must be at least 31d: profiles look back 30 days');
  return ms > LONGEST_RETENTION_MS ? refuse('must be at most 36500d') : ms;
};

export const headerToken = matching(/^[\x21-\x7e]+$/, 'must be visible ASCII characters without spaces');

export const nameList: ValueReader<string[]> = (given) => {
  const names = text(given)
    .split(',')
    .map((name) => name.trim());
  return names.includes('') ? refuse('must be NAME,NAME') : names;
};

const FEATURE_FILE = /\.(json|yaml|yml)$/i;
/** Names of sets, and files of definitions beside them. */
export const featureChoice: ValueReader<FeatureChoice> = (given) => {
  const names = nameList(given);
  const files = names.filter((name) => FEATURE_FILE.test(name));
  const others = names.filter((name) => !FEATURE_FILE.test(name) && !FEATURE_SETS.some((set) => set === name));
  if (others.length === 0 && names.includes('core'))
    return { sets: FEATURE_SETS.filter((set) => names.includes(set)), files, definitions: [] };
  const sets = FEATURE_SETS.join(', ');
  return refuse(`must be core, or core with others of ${sets} and files in .json, .yaml or .yml: core,./features.json`);
};

/** Without a slash at its end. */
export const gatewayUrl: ValueReader<string> = (given) =>
  baseUrl(given) ?? refuse('must be an http or https URL without a user, a query or a fragment, such as https://gateway.example/v1');

/** null: off. Else base URLs without slashes at their ends. */
export const registryUrls: ValueReader<readonly string[] | null> = (given) => {
  if (given === 'off') return null;
  const urls = given.split(',').map((address) => baseUrl(address.trim()));
  return urls.every((url) => url !== undefined)
    ? urls
    : refuse('must be http or https URLs without a user, a query or a fragment, such as http://registry.example:8081, or off');
};

export const registryAuth = matching(/^[^:\u0000-\u001f]+:[^\u0000-\u001f]*$/, 'must be USER:PASSWORD');

function baseUrl(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isBare = url !== undefined && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  return isBare && /^https?:$/.test(url.protocol) ? url.href.replace(/\/+$/, '') : undefined;
}

export const topicPrefix = matching(/^[A-Za-z0-9._-]{0,180}$/, 'must consist of letters, digits, ".", "_" and "-"');

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

/** null: no HTTP (off, or --no-http). Port 0 takes any free one. */
export const httpAddress: ValueReader<HttpAddress | null> = (given) => {
  if (given === 'off' || given === 'false') return null;
  const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(given);
  if (parts === null || Number(parts[3]) > 65_535) return refuse('must be HOST:PORT, such as 127.0.0.1:8080');
  return { host: (parts[1] ?? parts[2])!, port: Number(parts[3]) };
};
