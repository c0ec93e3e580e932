/** Features that are rates: the share of the tips served in the window that met with an action. */
import type { Action } from '../topics.js';
import { defineFeature, type FeatureDefinition } from './feature.js';
import { servedTips, servedTipsWith } from './served.js';
import { DAY_MS, WINDOW_MS } from './window.js';

/** `past` says in the description what the user has done with the tip. */
export function rateOf(action: Action, { name, past }: { readonly name: string; readonly past: string }): FeatureDefinition {
  return defineFeature({
    name,
    dtype: 'numeric',
    unit: 'ratio',
    sources: ['tip.served', 'tip.feedback'],
    windowMs: WINDOW_MS,
    ttlMs: DAY_MS,
    invalidatedBy: ['tip.served', 'tip.feedback', 'time'],
    description: `Share, 0 to 1, of the tips served in the last 30 days that the user has ${past}; null when none was served.`,
    sql: `
    SELECT uid, CAST(count(CASE WHEN ${action}_at_ms < :as_of_ms THEN 1 END) AS REAL) / count(*) AS value
    FROM tip
    WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms
    GROUP BY uid`,
    counters: [servedTips, servedTipsWith[action]],
    value(read) {
      const served = read.count('served');
      return served === 0 ? null : read.count(action) / served;
    },
  });
}
