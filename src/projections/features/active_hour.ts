import { defineFeature } from '../feature.js';
import { localHour, MINUTE_MS } from '../rows/local-time.js';
import { mostFrequentIndex } from '../mode.js';
import { OF_SESSIONS, STARTED, startedSessions } from '../rows/started-sessions.js';
import { DAY_MS } from '../window.js';

const byHour = startedSessions('session_hour', (row) => localHour(row.started_at_ms, row.utc_offset_min ?? 0));
const HOURS = Array.from({ length: 24 }, (_, hour) => `session_hour:${hour}`);

export const activeHour = defineFeature({
  ...OF_SESSIONS,
  name: 'active_hour',
  dtype: 'numeric',
  unit: 'hour',
  description:
    'Local hour of the day, 0 to 23, in which the most sessions of the last 30 days started, the smallest of equals; null when none did.',
  sql: `
    SELECT uid, hour AS value
    FROM (
      SELECT uid, hour, row_number() OVER (PARTITION BY uid ORDER BY count(*) DESC, hour) AS place
      FROM (
        SELECT uid, (started_at_ms + coalesce(utc_offset_min, 0) * ${MINUTE_MS} + ${DAY_MS}) / 3600000 % 24 AS hour
        FROM session
        WHERE ${STARTED}
      )
      GROUP BY uid, hour
    )
    WHERE place = 1`,
  counters: [byHour],
  value: (read) => mostFrequentIndex(read, HOURS),
});
