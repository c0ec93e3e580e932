import { defineFeature } from '../feature.js';
import { servedTips } from '../served.js';
import { DAY_MS, WINDOW_MS } from '../window.js';

export const tipVolume30d = defineFeature({
  name: 'tip_volume_30d',
  dtype: 'numeric',
  unit: 'tips',
  sources: ['tip.served'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.served', 'time'],
  description: 'Tips served in the last 30 days; 0 when none was.',
  sql: `
    SELECT uid, count(*) AS value
    FROM tip
    WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms
    GROUP BY uid`,
  counters: [servedTips],
  value: (read) => read.count('served'),
});
