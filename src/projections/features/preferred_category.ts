import { compareCodePoints } from '../../events/strings.js';
import type { CounterFamily } from '../counter.js';
import { defineFeature } from '../feature.js';
import { mostFrequentKey } from '../mode.js';
import { DAY_MS, hasHappened, isInWindow, WINDOW_MS } from '../window.js';

/** The tips of V with a done, by served category. The empty category is one; a tip without a category does not count. */
const doneByCategory: CounterFamily = {
  id: 'done_category',
  windowMs: WINDOW_MS,
  contribute(tip, asOfMs, add) {
    if (tip.servedCategory === null || !isInWindow(tip.servedAtMs, asOfMs) || !hasHappened(tip.doneAtMs, asOfMs)) return;
    add(`done_category:${tip.servedCategory}`, 1);
  },
};

export const preferredCategory = defineFeature({
  name: 'preferred_category',
  dtype: 'categorical',
  unit: 'category',
  sources: ['tip.served', 'tip.feedback'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.served', 'tip.feedback', 'time'],
  description:
    'Category with the most tips that were served in the last 30 days and done, the smallest of equals by code point; ' +
    'null when no tip with a category was done.',
  // Categories that UTF-8 cannot hold are BLOBs (see sql-text.ts); as bytes, both kinds sort together by code point.
  sql: `
    SELECT uid, served_category AS value
    FROM (
      SELECT uid, served_category, row_number() OVER (PARTITION BY uid ORDER BY count(*) DESC, CAST(served_category AS BLOB)) AS place
      FROM tip
      WHERE served_at_ms >= :as_of_ms - ${WINDOW_MS} AND served_at_ms < :as_of_ms AND done_at_ms < :as_of_ms AND served_category IS NOT NULL
      GROUP BY uid, served_category
    )
    WHERE place = 1`,
  counters: [doneByCategory],
  value: (read) => mostFrequentKey(read, 'done_category', compareCodePoints),
});
