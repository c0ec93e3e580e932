import { defineFeature } from '../feature.js';
import { localDay, MINUTE_MS } from '../rows/local-time.js';
import { OF_SESSIONS, STARTED, startedSessions } from '../rows/started-sessions.js';
import { DAY_MS } from '../window.js';

const byDay = startedSessions('session_day', (row) => localDay(row.started_at_ms, row.utc_offset_min ?? 0));

export const activeDays30d = defineFeature({
  ...OF_SESSIONS,
  name: 'active_days_30d',
  dtype: 'numeric',
  unit: 'days',
  description: 'Local dates on which a session started in the last 30 days; 0 when none did.',
  sql: `
    SELECT uid, count(DISTINCT (started_at_ms + coalesce(utc_offset_min, 0) * ${MINUTE_MS} + ${DAY_MS}) / ${DAY_MS}) AS value
    FROM session
    WHERE ${STARTED}
    GROUP BY uid`,
  counters: [byDay],
  value: (read) => [...read.keyed('session_day')].length,
});
