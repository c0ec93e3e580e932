/** What SQLite leaves of deleted rows: free pages, gaps within pages, frames of the write-ahead log. */
import type Database from 'better-sqlite3';

/**
 * Writes the database anew and empties its write-ahead log; not within a transaction. The time is that of copying the file twice. false: a
 * reader still needs the write-ahead log, so that it could not be emptied; ask again.
 */
export function scrubbed(db: Database.Database): boolean {
  db.exec('VACUUM');
  const [{ busy }] = db.pragma('wal_checkpoint(TRUNCATE)') as [{ readonly busy: number }];
  return busy === 0;
}
