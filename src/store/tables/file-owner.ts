/**
 * Whose a state file is: of whoever opened it last for writing. Each opening takes the next number, and every transaction compares it,
 * so that an owner that has been replaced stops before it writes what its memory remembers over what the new one has written. The lock
 * on the data directory keeps two owners from ever meeting here; this is for file systems whose locks do nothing. Positions alone
 * would not do: two owners can each advance other topics.
 */
import type Database from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';

export class FileOwner {
  readonly #mine: string;
  readonly #current: Database.Statement<[], string>;
  /** Changes when another connection has committed anything, and is cheaper to ask for. */
  readonly #dataVersion: Database.Statement<[], number>;
  /** With which the file was last known to be this owner's. */
  #checkedAt: number | undefined;

  /** Takes the file over. Throws what keeps that from being written, such as a full disk: the file is not this one's then. */
  constructor(db: Database.Database) {
    const take = db.prepare(
      "INSERT INTO meta (name, value) VALUES ('openings', '1') ON CONFLICT DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)",
    );
    this.#current = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'openings'").pluck();
    this.#dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
    // In a transaction: a statement that writes and returns a row is committed after its row was taken, where a failure goes unnoticed.
    this.#mine = db.transaction(() => (take.run(), this.#current.get()!)).immediate();
  }

  /** Within a transaction. Throws stale_owner when the file was opened for writing since. */
  check(): void {
    const version = this.#dataVersion.get()!;
    if (version === this.#checkedAt) return;
    if (this.#current.get() === this.#mine) return void (this.#checkedAt = version);
    throw new TipstreamError(
      'stale_owner',
      'another process has opened this state file for writing; this worker stops, having written nothing since',
      {
        hint: 'Make sure that one process owns the data directory, then start again.',
      },
    );
  }
}
