/** Counts that survive a restart: events applied, rejected (by topic and code), decisions and how often shadow and live agreed. */
import type Database from 'better-sqlite3';

interface Count {
  readonly name: string;
  sum: number;
  /** In the batch under way. */
  changed: boolean;
}

export class CountTable {
  readonly #all: Database.Statement<[], [string, number]>;
  readonly #put: Database.Statement<[string, number]>;
  readonly #counts = new Map<string, Count>();
  readonly #changed: Count[] = [];
  readonly #unreported = new Set<Count>();

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], [string, number]>('SELECT name, count FROM tally ORDER BY name').raw();
    this.#put = db.prepare('INSERT INTO tally (name, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = excluded.count');
    this.forget();
    for (const count of this.#counts.values()) this.#unreported.add(count);
  }

  add(name: string, by = 1): void {
    const count = this.#of(name);
    count.sum += by;
    if (count.changed) return;
    count.changed = true;
    this.#changed.push(count);
  }

  flush(): void {
    for (const count of this.#changed) {
      this.#put.run(count.name, count.sum);
      count.changed = false;
      this.#unreported.add(count);
    }
    this.#changed.length = 0;
  }

  /** Counts that were flushed since this was last asked; all of them the first time. */
  takeChanged(): Map<string, number> {
    const changed = new Map([...this.#unreported].map(({ name, sum }) => [name, sum]));
    this.#unreported.clear();
    return changed;
  }

  forget(): void {
    for (const count of this.#counts.values()) count.sum = 0;
    for (const count of this.#changed) count.changed = false;
    this.#changed.length = 0;
    for (const [name, sum] of this.#all.all()) this.#of(name).sum = sum;
  }

  #of(name: string): Count {
    let count = this.#counts.get(name);
    if (count === undefined) this.#counts.set(name, (count = { name, sum: 0, changed: false }));
    return count;
  }
}
