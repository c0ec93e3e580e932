/**
 * The service's log: JSON lines on stderr, or readable ones when a person is looking. Warnings and errors that come again and again are
 * summed: the first at once, then a count every ten seconds.
 */
import { createRequire } from 'node:module';
import pino, { type Logger } from 'pino';
import type Pretty from 'pino-pretty';
import type { Config } from '../../config.js';
import { withoutQuotedJson } from '../../events/json-problem.js';
import { RepeatedLines } from './repeated-lines.js';

const require = createRequire(import.meta.url);
const COUNTS_EVERY_MS = 10_000;
const { warn: WARN, error: ERROR } = pino.levels.values as { readonly warn: number; readonly error: number };
/** The client says one outage in a dozen ways, many times a second. */
const KAFKA_CLIENT = 'kafkajs: ';

type Write = (this: Logger, ...line: unknown[]) => void;

export interface LogTarget {
  readonly isTTY: boolean | undefined;
  /** Absent: stderr. */
  readonly destination?: pino.DestinationStream | undefined;
  /** How often repeated lines are counted, ms. */
  readonly countsEveryMs?: number | undefined;
}

/** Whether the log is JSON: then nothing else may be written among its lines. */
export const logIsJson = (): boolean => !process.stderr.isTTY;

export function createLogger(config: Pick<Config, 'logLevel'>, target: LogTarget = process.stderr as { readonly isTTY: boolean }): Logger {
  const repeated = new RepeatedLines({ everyMs: target.countsEveryMs ?? COUNTS_EVERY_MS });
  process.once('exit', () => repeated.flush());
  const options: pino.LoggerOptions = {
    level: config.logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: errorFacts },
    hooks: {
      logMethod(whole: unknown[], write, level) {
        const say = write as unknown as Write;
        const line = whole.map((part) => (typeof part === 'string' ? withoutQuotedJson(part) : part));
        if (level !== WARN && level !== ERROR) return say.apply(this, line);
        const { fields, message } = partsOf(line);
        const count = (times: number): void => say.call(this, { ...fields, repeated: times }, message);
        if (repeated.isFirst(kindOf(level, fields, message), count)) say.apply(this, line);
      },
    },
  };
  // A log that nobody can read any more ends nothing: its lines are lost.
  const stderr = pino.destination({ fd: 2, sync: true });
  stderr.on('error', () => undefined);
  if (!target.isTTY) return pino(options, target.destination ?? stderr);
  // Loaded here, because a log of JSON starts faster without it.
  const pretty = require('pino-pretty') as typeof Pretty;
  const colorize = !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return pino(options, pretty({ destination: stderr, colorize, translateTime: 'SYS:HH:MM:ss', ignore: 'pid,hostname' }));
}

/** An error as a line holds it: neither a user's id nor a piece of a value. */
function errorFacts(error: Error): object {
  const { message, stack, details, ...rest } = pino.stdSerializers.err(error) as pino.SerializedError & { details?: unknown };
  const { user_id: _userId, ...facts } = (details ?? {}) as Record<string, unknown>;
  return {
    ...rest,
    message: withoutQuotedJson(message),
    stack: withoutQuotedJson(stack),
    ...(details === undefined ? {} : { details: facts }),
  };
}

interface LineParts {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

function partsOf([first, second]: readonly unknown[]): LineParts {
  if (typeof first === 'string') return { fields: {}, message: first };
  const message = typeof second === 'string' ? second : '';
  return first instanceof Error
    ? { fields: { err: first }, message: message || first.message }
    : { fields: { ...(first as object) }, message };
}

/** Lines of one kind differ in where and when only. */
function kindOf(level: number, { code, partition }: LineParts['fields'], message: string): string {
  if (message.startsWith(KAFKA_CLIENT)) return KAFKA_CLIENT;
  // A partition that stops is said for each.
  return [level, code, level === ERROR ? partition : '', message].map(String).join('|');
}
