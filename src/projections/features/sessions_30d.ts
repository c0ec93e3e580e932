import { defineFeature } from '../feature.js';
import { OF_SESSIONS, STARTED, startedSessions } from '../rows/started-sessions.js';

export const sessions30d = defineFeature({
  ...OF_SESSIONS,
  name: 'sessions_30d',
  dtype: 'numeric',
  unit: 'sessions',
  description: 'Sessions that started in the last 30 days; 0 when none did.',
  sql: `
    SELECT uid, count(*) AS value
    FROM session
    WHERE ${STARTED}
    GROUP BY uid`,
  counters: [startedSessions('sessions')],
  value: (read) => read.count('sessions'),
});
