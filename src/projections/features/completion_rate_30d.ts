import { defineFeature } from '../feature.js';
import { servedTips, servedTipsWith } from '../served.js';
import { DAY_MS, WINDOW_MS } from '../window.js';

export const completionRate30d = defineFeature({
  name: 'completion_rate_30d',
  dtype: 'numeric',
  unit: 'ratio',
  sources: ['tip.served', 'tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.served', 'tip.feedback', 'time'],
  description: 'Share, 0 to 1, of the tips served in the last 30 days that the user has done; null when none was served.',
  sql: `
    SELECT uid, CAST(count(CASE WHEN done_at_ms < :as_of_ms THEN 1 END) AS REAL) / count(*) AS value
    FROM tip
    WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms
    GROUP BY uid`,
  counters: [servedTips, servedTipsWith.done],
  value(read) {
    const served = read.count('served');
    return served === 0 ? null : read.count('done') / served;
  },
});
