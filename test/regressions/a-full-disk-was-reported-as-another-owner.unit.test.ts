/** A file whose taking over could not be committed was taken for this process's all the same: the next batch met "another process". */
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { FileOwner } from '../../src/store/tables/file-owner.js';

it('an opening that cannot be committed is an error of the opening', () => {
  const db = new Database(':memory:');
  // What fails at the commit alone, as a full disk does.
  db.pragma('foreign_keys = ON');
  db.exec(`CREATE TABLE disk (page TEXT PRIMARY KEY);
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT REFERENCES disk DEFERRABLE INITIALLY DEFERRED)`);
  expect(() => new FileOwner(db)).toThrow(/constraint failed/);
  db.exec("INSERT INTO disk VALUES ('1')");
  new FileOwner(db).check();
});
