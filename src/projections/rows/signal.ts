/** A time at which a source of the user's signals was read. */
import type { SignalSyncedEvent } from '../../topics.js';
import type { RowKind } from '../row-kind.js';

export type SignalRow = {
  readonly source: string;
  readonly synced_at_ms: number;
};

export const signal: RowKind<SignalRow> = {
  name: 'signal',
  topics: ['signal.synced'],
  key: ['source', 'synced_at_ms'],
  columns: [
    ['source', 'TEXT NOT NULL'],
    ['synced_at_ms', 'INTEGER NOT NULL'],
  ],
  times: ['synced_at_ms'],
  newestOf: 'source',
  rowOf(event) {
    const { source, synced_at_ms } = event as SignalSyncedEvent;
    return { source, synced_at_ms: synced_at_ms + 0 };
  },
  join: (kept) => kept,
  samples: (ms) => [{ source: 'calendar', synced_at_ms: ms }],
};
