/** Days, weeks and months in UTC. Pure. */
import { DAY_MS, WINDOW_MS } from '../projections/window.js';

/** 1970-01-01 was a Thursday; weeks begin on Mondays. */
const THURSDAY = 3;

export const PERIODS = ['day', 'week', 'month'] as const;
export type Period = (typeof PERIODS)[number];

export interface Span {
  /** Unix ms; `to_ms` is exclusive. */
  readonly from_ms: number;
  readonly to_ms: number;
}

/** The last `count` whole periods before a time, the earliest first. */
export function spansBefore(period: Period, asOfMs: number, count: number): Span[] {
  const spans: Span[] = [];
  let toMs = beginningOf(period, asOfMs);
  while (spans.length < count) {
    const fromMs = beginningOf(period, toMs - 1);
    spans.push({ from_ms: fromMs, to_ms: toMs });
    toMs = fromMs;
  }
  return spans.reverse();
}

/** Of the period that a time lies in. */
function beginningOf(period: Period, atMs: number): number {
  const day = Math.floor(atMs / DAY_MS);
  if (period === 'day') return day * DAY_MS;
  if (period === 'week') return (day - ((((day + THURSDAY) % 7) + 7) % 7)) * DAY_MS;
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** The first Monday on which the 30 days before hold nothing but times after the first event: windows are full from then on. */
export function firstFullWindowMs(firstEventMs: number): number {
  const fullMs = firstEventMs + WINDOW_MS;
  const monday = beginningOf('week', fullMs);
  return monday === fullMs ? monday : monday + 7 * DAY_MS;
}
