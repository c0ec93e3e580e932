/** Hour and weekday on the user's own clock. */
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** 1970-01-01 was a Thursday, counting from Monday 0. */
const EPOCH_WEEKDAY = 3;

/** Remainder in [0, divisor), also for the negative local times of 1970's first hours west of Greenwich. */
function remainder(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}

/** Whole hour, 0 to 23. */
export function localHour(timeMs: number, utcOffsetMin: number): number {
  return Math.floor(remainder(timeMs + utcOffsetMin * MINUTE_MS, DAY_MS) / HOUR_MS);
}

/** 0 Monday to 6 Sunday. */
export function localWeekday(timeMs: number, utcOffsetMin: number): number {
  return remainder(Math.floor((timeMs + utcOffsetMin * MINUTE_MS) / DAY_MS) + EPOCH_WEEKDAY, 7);
}

/** Saturday or Sunday. */
export function isLocalWeekend(timeMs: number, utcOffsetMin: number): boolean {
  return localWeekday(timeMs, utcOffsetMin) >= 5;
}
