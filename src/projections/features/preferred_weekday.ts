import type { CounterFamily } from '../counter.js';
import { defineFeature } from '../feature.js';
import { mostFrequentIndex } from '../mode.js';
import { DAY_MS, isInWindow, WINDOW_MS } from '../window.js';

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-01 was a Thursday; Monday is 0. */
const THURSDAY = 3;
const WEEKDAYS = Array.from({ length: 7 }, (_, weekday) => `done_weekday:${weekday}`);

/** Local time may lie before 1970 in the first hours of it; one week more keeps the weekday and the sign. */
function localWeekday(atMs: number, utcOffsetMin: number): number {
  return (Math.floor((atMs + utcOffsetMin * MINUTE_MS + WEEK_MS) / DAY_MS) + THURSDAY) % 7;
}

/** Every done in the window, whether or not its serving is known. */
const doneByWeekday: CounterFamily = {
  id: 'done_weekday',
  names: WEEKDAYS,
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.doneAtMs, asOfMs)) add(WEEKDAYS[localWeekday(tip.doneAtMs, tip.doneUtcOffsetMin ?? 0)]!, 1);
  },
};

export const preferredWeekday = defineFeature({
  name: 'preferred_weekday',
  dtype: 'numeric',
  unit: 'weekday',
  sources: ['tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.feedback', 'time'],
  description:
    'Local day of the week, 0 Monday to 6 Sunday, on which the user did the most tips in the last 30 days, the smallest of equals; ' +
    'null when none was done.',
  sql: `
    SELECT uid, weekday AS value
    FROM (
      SELECT uid, weekday, row_number() OVER (PARTITION BY uid ORDER BY count(*) DESC, weekday) AS place
      FROM (
        SELECT uid, ((done_at_ms + coalesce(done_utc_offset_min, 0) * ${MINUTE_MS} + ${WEEK_MS}) / ${DAY_MS} + ${THURSDAY}) % 7 AS weekday
        FROM tip
        WHERE done_at_ms >= :as_of_ms - ${WINDOW_MS} AND done_at_ms < :as_of_ms
      )
      GROUP BY uid, weekday
    )
    WHERE place = 1`,
  counters: [doneByWeekday],
  value: (read) => mostFrequentIndex(read, WEEKDAYS),
});
