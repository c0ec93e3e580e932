/** Counts that survive a restart: events applied, rejected (by topic and code), decisions and how often shadow and live agreed. */
import type Database from 'better-sqlite3';

export class CountTable {
  readonly #all: Database.Statement<[], [string, number]>;
  readonly #put: Database.Statement<[string, number]>;
  readonly #counts = new Map<string, number>();
  readonly #changed = new Set<string>();
  readonly #unreported = new Set<string>();

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], [string, number]>('SELECT name, count FROM tally ORDER BY name').raw();
    this.#put = db.prepare('INSERT INTO tally (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = excluded.count');
    this.forget();
    for (const name of this.#counts.keys()) this.#unreported.add(name);
  }

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
    this.#changed.add(name);
  }

  flush(): void {
    for (const name of this.#changed) {
      this.#put.run(name, this.#counts.get(name)!);
      this.#unreported.add(name);
    }
    this.#changed.clear();
  }

  /** Counts that were flushed since this was last asked; all of them the first time. */
  takeChanged(): Map<string, number> {
    const changed = new Map([...this.#unreported].map((name) => [name, this.#counts.get(name) ?? 0]));
    this.#unreported.clear();
    return changed;
  }

  forget(): void {
    this.#counts.clear();
    this.#changed.clear();
    for (const [name, count] of this.#all.all()) this.#counts.set(name, count);
  }
}
