/**
 * Users that were forgotten, by digest: per topic the offset below which nothing of them exists. A later forgetting raises it, so that
 * the order in which the events come does not matter. Few in number: all are in memory.
 */
import type Database from 'better-sqlite3';
import { ForgottenOffsets } from '../../events/forgotten-offsets.js';

export class ForgottenTable {
  readonly #all: Database.Statement<[], [digest: string, topic: string, below: number]>;
  readonly #put: Database.Statement<[string, string, number]>;
  #offsets = new ForgottenOffsets();

  constructor(db: Database.Database) {
    this.#all = db
      .prepare<[], [string, string, number]>('SELECT user_digest, topic, below FROM forgotten ORDER BY user_digest, topic')
      .raw();
    this.#put = db.prepare(
      `INSERT INTO forgotten (user_digest, topic, below) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET below = max(below, excluded.below)`,
    );
    this.reload();
  }

  /** Within a transaction. `positions`: topic -> next offset. Answers whether any of them was higher than what was known. */
  add(digest: string, positions: Readonly<Record<string, number>>): boolean {
    let raised = false;
    for (const [topic, below] of Object.entries(positions)) {
      if (!this.#offsets.add(digest, topic, below)) continue;
      this.#put.run(digest, topic, below);
      raised = true;
    }
    return raised;
  }

  get isEmpty(): boolean {
    return this.#offsets.topics.size === 0;
  }

  /** Whether the record with that key does not exist any more. */
  hides(topic: string, key: Buffer | null, offset: number): boolean {
    return this.#offsets.hides(topic, key, offset);
  }

  /** When the table was opened, and after a rollback. */
  reload(): void {
    this.#offsets = new ForgottenOffsets();
    for (const [digest, topic, below] of this.#all.all()) this.#offsets.add(digest, topic, below);
  }
}
