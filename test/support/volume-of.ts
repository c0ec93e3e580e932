/** A feature with a window of its own: the tips served in the last so many days. */
import { defineFeature, type FeatureDefinition } from '../../src/projections/feature.js';
import { DAY_MS, isInWindow } from '../../src/projections/window.js';

export function volumeOf(days: number): FeatureDefinition {
  const [name, windowMs] = [`tip_volume_${days}d`, days * DAY_MS];
  return defineFeature({
    name,
    dtype: 'numeric',
    unit: 'tips',
    sources: ['tip.served'],
    windowMs,
    ttlMs: DAY_MS,
    invalidatedBy: ['tip.served', 'time'],
    description: `Tips served in the last ${days} days.`,
    sql: `SELECT uid, count(*) AS value FROM tip WHERE served_at_ms >= :as_of_ms - ${windowMs} AND served_at_ms < :as_of_ms GROUP BY uid`,
    counters: [
      {
        id: `served_${days}d`,
        windowMs,
        contribute(tip, asOfMs, add) {
          if (isInWindow(tip.servedAtMs, asOfMs, windowMs)) add(`served_${days}d`, 1);
        },
      },
    ],
    value: (read) => read.count(`served_${days}d`),
  });
}
