/** A session of use of the application: the earliest start and the earliest end, each by itself, as times are kept for tips. */
import type { SessionEvent } from '../../topics.js';
import { beatsNumber } from '../tip.js';
import type { RowKind } from '../row-kind.js';

// A type and no interface: an interface has no index signature.
export type SessionRow = {
  readonly session_id: string;
  readonly started_at_ms: number;
  /** of the start at started_at_ms: minutes the user's local time is ahead of UTC; null: it did not say */
  readonly utc_offset_min: number | null;
  /** Never before the start: each event's end is not before its start, and so not before the earliest. */
  readonly ended_at_ms: number;
};

export const session: RowKind<SessionRow> = {
  name: 'session',
  topics: ['app.session'],
  key: ['session_id'],
  columns: [
    ['session_id', 'TEXT NOT NULL'],
    ['started_at_ms', 'INTEGER NOT NULL'],
    ['utc_offset_min', 'INTEGER'],
    ['ended_at_ms', 'INTEGER NOT NULL'],
  ],
  times: ['started_at_ms', 'ended_at_ms'],
  rowOf(event) {
    const { session_id, started_at_ms, ended_at_ms, utc_offset_min } = event as SessionEvent;
    return row(session_id, started_at_ms + 0, utc_offset_min == null ? null : utc_offset_min + 0, ended_at_ms + 0);
  },
  join(kept, next) {
    const starts =
      next.started_at_ms < kept.started_at_ms ||
      (next.started_at_ms === kept.started_at_ms && beatsNumber(next.utc_offset_min, kept.utc_offset_min));
    const ends = next.ended_at_ms < kept.ended_at_ms;
    if (!starts && !ends) return kept;
    const start = starts ? next : kept;
    return row(kept.session_id, start.started_at_ms, start.utc_offset_min, ends ? next.ended_at_ms : kept.ended_at_ms);
  },
  samples: (ms) => [row('s1', ms, 60, ms + 7), row('s2', ms + 3, null, ms + 3)],
};

function row(session_id: string, started_at_ms: number, utc_offset_min: number | null, ended_at_ms: number): SessionRow {
  return { session_id, started_at_ms, utc_offset_min, ended_at_ms };
}
