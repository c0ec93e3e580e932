/** What the features of signals share. */
import type { CounterReader } from '../counter.js';
import type { RowFamily } from '../row-kind.js';
import { signal, type SignalRow } from './signal.js';
import { DAY_MS, hasHappened } from '../window.js';

/** Of every feature that is computed from signals. Their values change with every millisecond. */
export const OF_SIGNALS = {
  unit: 'ms',
  sources: ['signal.synced'],
  windowMs: null,
  ttlMs: DAY_MS,
  invalidatedBy: ['signal.synced', 'time'],
} as const;

/** Of each source, one more than when it was last read before as-of: a counter of 0 is none. */
export const lastSynced: RowFamily<SignalRow> = {
  id: 'last_synced',
  of: signal,
  windowMs: null,
  contribute(row, asOfMs, add) {
    if (hasHappened(row.synced_at_ms, asOfMs)) add(`last_synced:${row.source}`, row.synced_at_ms + 1);
  },
};

/** [source, Unix ms] */
export function* lastSyncedIn(read: CounterReader): Generator<readonly [source: string, atMs: number]> {
  for (const [source, count] of read.keyed(lastSynced.id)) yield [source, count - 1];
}
