/** The options that what is folded depends on besides the log, as they were when it was folded. */
import type Database from 'better-sqlite3';

export class FoldOptions {
  readonly #get: Database.Statement<[string], string>;
  readonly #put: Database.Statement<[string, string]>;

  constructor(db: Database.Database) {
    this.#get = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#put = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  }

  /** undefined: nothing was folded yet that depends on it. */
  get(name: 'shadow_learning'): string | undefined {
    return this.#get.get(name);
  }

  put(name: 'shadow_learning', value: string): void {
    this.#put.run(name, value);
  }
}
