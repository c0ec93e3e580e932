/** Hours and days by the clock on the user's wall. */
import { DAY_MS } from '../window.js';

const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** 0 to 23. Local time may lie before 1970 in the first hours of it; one day more keeps the hour and the sign. */
export function localHour(atMs: number, utcOffsetMin: number): number {
  return Math.floor((atMs + utcOffsetMin * MINUTE_MS + DAY_MS) / HOUR_MS) % 24;
}

/** A number for each local date, from 0 on. */
export function localDay(atMs: number, utcOffsetMin: number): number {
  return Math.floor((atMs + utcOffsetMin * MINUTE_MS + DAY_MS) / DAY_MS);
}
