import { defineFeature } from '../feature.js';
import { lastSynced, lastSyncedIn, OF_SIGNALS } from '../rows/last-synced.js';

export const signalAgeMs = defineFeature({
  ...OF_SIGNALS,
  name: 'signal_age_ms',
  dtype: 'numeric',
  description: 'Time since any source of signals was last read, however long ago; null when none ever was.',
  sql: `
    SELECT uid, :as_of_ms - max(synced_at_ms) AS value
    FROM signal
    WHERE synced_at_ms < :as_of_ms
    GROUP BY uid`,
  counters: [lastSynced],
  value(read, asOfMs) {
    let newest: number | null = null;
    for (const [, atMs] of lastSyncedIn(read)) if (newest === null || atMs > newest) newest = atMs;
    return newest === null ? null : asOfMs - newest;
  },
});
