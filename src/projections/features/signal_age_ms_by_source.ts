import { defineFeature } from '../feature.js';
import { objectValue } from '../object-value.js';
import { lastSynced, lastSyncedIn, OF_SIGNALS } from '../rows/last-synced.js';

export const signalAgeMsBySource = defineFeature({
  ...OF_SIGNALS,
  name: 'signal_age_ms_by_source',
  dtype: 'object',
  description: 'For each source of signals, the time since it was last read, however long ago; null when none ever was.',
  // A number that a program binds is a REAL, and would be printed as one.
  sql: `
    SELECT uid, json_group_object(source, age) AS value
    FROM (
      SELECT uid, source, CAST(:as_of_ms - max(synced_at_ms) AS INTEGER) AS age
      FROM signal
      WHERE synced_at_ms < :as_of_ms
      GROUP BY uid, source
      ORDER BY uid, source
    )
    GROUP BY uid`,
  counters: [lastSynced],
  value(read, asOfMs) {
    const ages = [...lastSyncedIn(read)].map(([source, atMs]) => [source, asOfMs - atMs] as const);
    return ages.length === 0 ? null : objectValue(ages);
  },
});
