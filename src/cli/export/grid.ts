/** The times of a grid: from a time on, so far apart, up to another time and with it. */
import { UsageError } from '../../errors.js';
import { timeOption } from '../time-argument.js';

export interface Grid {
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly everyMs: number;
}

export const EVERY_DAY_MS = 86_400_000;
const UNITS_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
const MOST_TIMES = 100_000;

/** `2026-11-01..2026-11-30`, for CommandOption.parse. */
export function parseGrid(text: string): Pick<Grid, 'fromMs' | 'toMs'> {
  const parts = text.split('..');
  if (parts.length !== 2 || parts[0] === '' || parts[1] === '')
    throw new UsageError(`--grid must be FROM..TO such as 2026-11-01..2026-11-30, not ${JSON.stringify(text.slice(0, 60))}`);
  const [fromMs, toMs] = [timeOption('--grid')(parts[0]!), timeOption('--grid')(parts[1]!)];
  if (fromMs > toMs) throw new UsageError('--grid ends before it begins');
  return { fromMs, toMs };
}

/** `1d`, `6h`, `30m`, `90s` or milliseconds, for CommandOption.parse. */
export function parseEvery(text: string): number {
  const [, digits, unit] = /^(\d{1,12})(d|h|m|s|ms)?$/.exec(text) ?? [];
  const ms = digits === undefined ? 0 : Number(digits) * UNITS_MS[(unit ?? 'ms') as keyof typeof UNITS_MS];
  if (ms > 0 && Number.isSafeInteger(ms)) return ms;
  throw new UsageError(
    `--every must be a duration such as 1d, 6h, 30m or 3600000 (milliseconds), not ${JSON.stringify(text.slice(0, 60))}`,
  );
}

/** Ascending. Throws UsageError where they are too many. */
export function timesOf({ fromMs, toMs, everyMs }: Grid): number[] {
  const count = Math.floor((toMs - fromMs) / everyMs) + 1;
  if (count > MOST_TIMES) throw new UsageError(`--grid has ${count} times, and at most ${MOST_TIMES} are taken: let --every be longer`);
  return Array.from({ length: count }, (_, i) => fromMs + i * everyMs);
}
