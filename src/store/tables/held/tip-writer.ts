/** Writes tip rows, several in a statement: most of what a row costs is its statement. */
import type Database from 'better-sqlite3';
import { textForSql } from '../../../projections/sql-text.js';
import type { TipEntry } from './entries.js';

const COLUMNS = 'uid, tip_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, snooze_at_ms, linked';
const VALUES_OF_ROW = 9;
const ROWS_AT_ONCE = 8;

export class TipWriter {
  readonly #one: Database.Statement;
  readonly #several: Database.Statement;
  readonly #values: unknown[] = Array.from({ length: VALUES_OF_ROW * ROWS_AT_ONCE }, () => null);
  #filled = 0;

  constructor(db: Database.Database) {
    const row = `(${Array.from({ length: VALUES_OF_ROW }, () => '?').join()})`;
    const into = (rows: number) => `REPLACE INTO tip (${COLUMNS}) VALUES ${Array.from({ length: rows }, () => row).join()}`;
    this.#one = db.prepare(into(1));
    this.#several = db.prepare(into(ROWS_AT_ONCE));
  }

  /** At the latest with `end`. */
  write(uid: number, { tipId, tip, linked }: TipEntry): void {
    const values = this.#values;
    let at = this.#filled;
    values[at++] = uid;
    values[at++] = tipId;
    values[at++] = tip.servedAtMs;
    values[at++] = tip.servedCategory === null ? null : textForSql(tip.servedCategory);
    values[at++] = tip.doneAtMs;
    values[at++] = tip.doneUtcOffsetMin;
    values[at++] = tip.dismissAtMs;
    values[at++] = tip.snoozeAtMs;
    values[at++] = linked ? 1 : 0;
    this.#filled = at;
    if (at < values.length) return;
    this.#filled = 0;
    this.#several.run(values);
  }

  end(): void {
    const filled = this.#filled;
    this.#filled = 0;
    for (let at = 0; at < filled; at += VALUES_OF_ROW) this.#one.run(this.#values.slice(at, at + VALUES_OF_ROW));
  }

  /** After a rollback. */
  forget(): void {
    this.#filled = 0;
  }
}
