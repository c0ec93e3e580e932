/** How times and durations read. Times are those of this machine unless somebody asks for UTC. */

export type Zone = 'local' | 'utc';

const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
const DAY = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
// Swedish dates are written as ISO 8601 has them.
const dayIn = { local: new Intl.DateTimeFormat('sv', DAY), utc: new Intl.DateTimeFormat('sv', { ...DAY, timeZone: 'UTC' }) };
const clockIn = { local: new Intl.DateTimeFormat('sv', CLOCK), utc: new Intl.DateTimeFormat('sv', { ...CLOCK, timeZone: 'UTC' }) };

/** Whether it can be shown as a date: beyond these a Date is invalid. */
const isDate = (ms: number): boolean => Math.abs(ms) <= 8.64e15;

export const iso = (ms: number): string => (isDate(ms) ? new Date(ms).toISOString() : String(ms));

/** The time of day; the day too unless it is that of `nowMs`; in UTC with a Z. */
export function timeText(ms: number, nowMs: number, zone: Zone): string {
  if (!isDate(ms)) return String(ms);
  const day = dayIn[zone].format(ms);
  return `${day === dayIn[zone].format(nowMs) ? '' : `${day} `}${clockIn[zone].format(ms)}${zone === 'utc' ? ' Z' : ''}`;
}

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];
const upToTwo = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });

/** In the largest unit of which there is at least one. */
export function durationText(ms: number): string {
  const [unit, length] = UNITS.find(([, each]) => Math.abs(ms) >= each) ?? ['ms', 1];
  return `${upToTwo.format(ms / length)} ${unit}`;
}

/** An as-of time as somebody types it: Unix ms or ISO 8601, which the service reads. `now` and nothing are the same. */
export function asOfGiven(text: string): string | undefined {
  const trimmed = text.trim();
  return trimmed === '' || trimmed.toLowerCase() === 'now' ? undefined : trimmed;
}
