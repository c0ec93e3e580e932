/** An in-memory SQLite database with the tables that features' SQL reads, filled from tips. */
import Database from 'better-sqlite3';
import { textForSql } from '../../src/projections/sql-text.js';
import type { UserTips } from './user-tips.js';

export function openTables(): Database.Database {
  const database = new Database(':memory:');
  database.exec(`
    CREATE TABLE user (uid INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE, updated_at_ms INTEGER NOT NULL) STRICT;
    CREATE TABLE tip (
      uid INTEGER NOT NULL, tip_id TEXT NOT NULL, served_at_ms INTEGER, served_category ANY,
      done_at_ms INTEGER, done_utc_offset_min INTEGER,
      dismiss_at_ms INTEGER, snooze_at_ms INTEGER, PRIMARY KEY (uid, tip_id)
    ) STRICT, WITHOUT ROWID;`);
  return database;
}

export function insertUser(database: Database.Database, uid: number, userId: string, user: UserTips, updatedAtMs = 0): void {
  database.prepare('INSERT INTO user VALUES (?, ?, ?)').run(uid, userId, updatedAtMs);
  const insert = database.prepare('INSERT INTO tip VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const [tipId, tip] of user.tips) {
    const category = tip.servedCategory === null ? null : textForSql(tip.servedCategory);
    insert.run(uid, tipId, tip.servedAtMs, category, tip.doneAtMs, tip.doneUtcOffsetMin, tip.dismissAtMs, tip.snoozeAtMs);
  }
}
