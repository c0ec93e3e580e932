import { defineFeature } from '../feature.js';
import type { RowFamily } from '../row-kind.js';
import type { SessionRow } from '../rows/session.js';
import { OF_SESSIONS, STARTED, startedSessions } from '../rows/started-sessions.js';
import { hasHappened } from '../window.js';

/** A session's length is known once it has ended. */
const byLength: RowFamily<SessionRow> = {
  ...startedSessions('session_length', (row, asOfMs) =>
    hasHappened(row.ended_at_ms, asOfMs) ? row.ended_at_ms - row.started_at_ms : undefined,
  ),
  ordered: true,
};

export const typicalSessionMs = defineFeature({
  ...OF_SESSIONS,
  name: 'typical_session_ms',
  dtype: 'numeric',
  unit: 'ms',
  description:
    'Median length of the sessions that started in the last 30 days and have ended, the lower of the two middle ones; ' +
    'null when there is none.',
  sql: `
    SELECT uid, length AS value
    FROM (
      SELECT uid, ended_at_ms - started_at_ms AS length, count(*) OVER (PARTITION BY uid) AS sessions,
        row_number() OVER (PARTITION BY uid ORDER BY ended_at_ms - started_at_ms) AS place
      FROM session
      WHERE ${STARTED} AND ended_at_ms < :as_of_ms
    )
    WHERE place = (sessions + 1) / 2`,
  counters: [byLength],
  value: (read) => read.median('session_length'),
});
