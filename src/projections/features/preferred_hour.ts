import type { CounterFamily } from '../counter.js';
import { defineFeature } from '../feature.js';
import { localHour, MINUTE_MS } from '../rows/local-time.js';
import { mostFrequentIndex } from '../mode.js';
import { DAY_MS, isInWindow, WINDOW_MS } from '../window.js';

const HOUR_MS = 3_600_000;
const HOURS = Array.from({ length: 24 }, (_, hour) => `done_hour:${hour}`);

/** Every done in the window, whether or not its serving is known. */
const doneByHour: CounterFamily = {
  id: 'done_hour',
  names: HOURS,
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.doneAtMs, asOfMs)) add(HOURS[localHour(tip.doneAtMs, tip.doneUtcOffsetMin ?? 0)]!, 1);
  },
};

export const preferredHour = defineFeature({
  name: 'preferred_hour',
  dtype: 'numeric',
  unit: 'hour',
  sources: ['tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.feedback', 'time'],
  description:
    'Local hour of the day, 0 to 23, in which the user did the most tips in the last 30 days, ' +
    'the smallest of equals; null when none was done.',
  sql: `
    SELECT uid, hour AS value
    FROM (
      SELECT uid, hour, row_number() OVER (PARTITION BY uid ORDER BY count(*) DESC, hour) AS place
      FROM (
        SELECT uid, (done_at_ms + coalesce(done_utc_offset_min, 0) * ${MINUTE_MS} + ${DAY_MS}) / ${HOUR_MS} % 24 AS hour
        FROM tip
        WHERE done_at_ms >= :as_of_ms - ${WINDOW_MS} AND done_at_ms < :as_of_ms
      )
      GROUP BY uid, hour
    )
    WHERE place = 1`,
  counters: [doneByHour],
  value: (read) => mostFrequentIndex(read, HOURS),
});
