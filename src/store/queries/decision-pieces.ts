/** Reading every decision of one state file beside its writer, a piece at a time. */
import type Database from 'better-sqlite3';
import { openStateForReading } from '../state-file.js';

/** Decisions read at once: about a millisecond. */
const AT_ONCE = 500;

/**
 * All of one snapshot. `read` is given the connection once, and answers what takes the decisions with a decision_key above `after` and
 * up to `to`. Throws no_data, state_mismatch.
 */
export function* decisionPieces<Piece>(
  path: string,
  read: (db: Database.Database) => (after: number, to: number) => Piece,
): Generator<Piece> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const last = db.prepare<[], number>('SELECT coalesce(max(decision_key), 0) FROM decision').pluck().get()!;
    const take = read(db);
    for (let after = 0; after < last; after += AT_ONCE) yield take(after, after + AT_ONCE);
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}
