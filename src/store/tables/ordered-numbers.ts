/** How often each number of ordered families counts, in the window of the aggregate beside it. */
import type Database from 'better-sqlite3';
import type { NumberChanges, OrderedNumbers } from '../../projections/counters/ordered.js';

export class OrderedNumberTable {
  readonly #count: Database.Statement<[number, string, number], number>;
  readonly #above: Database.Statement<[number, string, number], [number, number]>;
  readonly #below: Database.Statement<[number, string, number], [number, number]>;
  readonly #all: Database.Statement<[number, string], [number, number]>;
  readonly #add: Database.Statement<[number, string, number, number]>;
  readonly #removeNone: Database.Statement<[number, string, number]>;
  readonly #clear: Database.Statement<[number, string]>;

  constructor(db: Database.Database) {
    const of = 'FROM ordered_number WHERE uid = ? AND family = ?';
    this.#count = db.prepare<[number, string, number], number>(`SELECT count ${of} AND number = ?`).pluck();
    this.#above = db
      .prepare<[number, string, number], [number, number]>(`SELECT number, count ${of} AND number > ? ORDER BY number LIMIT 1`)
      .raw();
    this.#below = db
      .prepare<[number, string, number], [number, number]>(`SELECT number, count ${of} AND number < ? ORDER BY number DESC LIMIT 1`)
      .raw();
    this.#all = db.prepare<[number, string], [number, number]>(`SELECT number, count ${of} ORDER BY number`).raw();
    this.#add = db.prepare(
      'INSERT INTO ordered_number (uid, family, number, count) VALUES (?, ?, ?, ?) ' +
        'ON CONFLICT DO UPDATE SET count = count + excluded.count',
    );
    this.#removeNone = db.prepare('DELETE FROM ordered_number WHERE uid = ? AND family = ? AND number = ? AND count = 0');
    this.#clear = db.prepare('DELETE FROM ordered_number WHERE uid = ? AND family = ?');
  }

  of(uid: number, family: string): OrderedNumbers {
    return {
      count: (number) => this.#count.get(uid, family, number) ?? 0,
      above: (number) => this.#above.get(uid, family, number),
      below: (number) => this.#below.get(uid, family, number),
    };
  }

  /** Ascending. */
  all(uid: number, family: string): [number: number, count: number][] {
    return this.#all.all(uid, family);
  }

  change(uid: number, family: string, changes: NumberChanges): void {
    for (const [number, by] of changes) {
      this.#add.run(uid, family, number, by);
      if (by < 0) this.#removeNone.run(uid, family, number);
    }
  }

  clear(uid: number, family: string): void {
    this.#clear.run(uid, family);
  }
}
