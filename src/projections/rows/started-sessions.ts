/** What the features of sessions share. */
import type { RowFamily } from '../row-kind.js';
import { session, type SessionRow } from './session.js';
import { DAY_MS, isInWindow, WINDOW_MS } from '../window.js';

/** Of every feature that is computed from sessions. */
export const OF_SESSIONS = {
  sources: ['app.session'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['app.session', 'time'],
} as const;

/** The sessions that have started in the window. */
export const STARTED = `started_at_ms >= :as_of_ms - ${WINDOW_MS} AND started_at_ms < :as_of_ms`;

/** A family of the sessions that have started in the window. `key`: what tells one counter from another; undefined: it does not count. */
export function startedSessions(id: string, key?: (row: SessionRow, asOfMs: number) => number | undefined): RowFamily<SessionRow> {
  return {
    id,
    of: session,
    windowMs: WINDOW_MS,
    contribute(row, asOfMs, add) {
      if (!isInWindow(row.started_at_ms, asOfMs)) return;
      if (key === undefined) return add(id, 1);
      const value = key(row, asOfMs);
      if (value !== undefined) add(`${id}:${value}`, 1);
    },
  };
}
