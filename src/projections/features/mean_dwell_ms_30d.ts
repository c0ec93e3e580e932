import type { CounterFamily } from '../counter.js';
import { defineFeature } from '../feature.js';
import { reactedAtMs } from '../tip.js';
import { DAY_MS, hasHappened, isInWindow, WINDOW_MS } from '../window.js';

/**
 * A dwell is shorter than the window, so the sum stays an exact integer up to 3.4 million dwells of 30 days each (2^53 / WINDOW_MS).
 */
const dwell: CounterFamily = {
  id: 'dwell',
  names: ['dwell:tips', 'dwell:sum_ms'],
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (!isInWindow(tip.servedAtMs, asOfMs)) return;
    const reacted = reactedAtMs(tip);
    if (!hasHappened(reacted, asOfMs) || reacted < tip.servedAtMs) return;
    add('dwell:tips', 1);
    add('dwell:sum_ms', reacted - tip.servedAtMs);
  },
};

/** A reaction that has not come counts as one that came just now: too late to be before as-of. */
const orAsOf = (column: string) => `coalesce(${column}, :as_of_ms)`;

export const meanDwellMs30d = defineFeature({
  name: 'mean_dwell_ms_30d',
  dtype: 'numeric',
  unit: 'ms',
  sources: ['tip.served', 'tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.served', 'tip.feedback', 'time'],
  description:
    'Mean time from serving to first reaction, over the tips served in the last 30 days whose ' +
    'first reaction did not come before the serving; ' +
    'null when there is none.',
  sql: `
    SELECT uid, CAST(sum(reacted_at_ms - served_at_ms) AS REAL) / count(*) AS value
    FROM (
      SELECT uid, served_at_ms, min(${orAsOf('done_at_ms')}, ${orAsOf('dismiss_at_ms')}, ${orAsOf('snooze_at_ms')}) AS reacted_at_ms
      FROM tip
      WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms
    )
    WHERE reacted_at_ms >= served_at_ms AND reacted_at_ms < :as_of_ms
    GROUP BY uid`,
  counters: [dwell],
  value(read) {
    const tips = read.count('dwell:tips');
    return tips === 0 ? null : read.count('dwell:sum_ms') / tips;
  },
});
