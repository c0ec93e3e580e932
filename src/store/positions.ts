/** The next offset per topic. Advancing is a compare-and-set, so an owner whose memory is stale fails instead of corrupting. */
import type Database from 'better-sqlite3';
import { TipstreamError } from '../errors.js';

export class PositionTable {
  readonly #all: Database.Statement<[], [string, number]>;
  readonly #advance: Database.Statement<[number, string, number]>;
  readonly #insert: Database.Statement<[string, number]>;

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw();
    this.#advance = db.prepare('UPDATE position SET next_offset = ? WHERE topic = ? AND next_offset = ?');
    this.#insert = db.prepare('INSERT INTO position (topic, next_offset) VALUES (?, ?) ON CONFLICT DO NOTHING');
  }

  all(): Map<string, number> {
    return new Map(this.#all.all());
  }

  /** `from` undefined: the topic has no position yet. Throws stale_owner when the stored one is not `from`. */
  advance(topic: string, from: number | undefined, to: number): void {
    const changes = from === undefined ? this.#insert.run(topic, to).changes : this.#advance.run(to, topic, from).changes;
    if (changes === 1) return;
    const stored = this.all().get(topic);
    throw new TipstreamError('stale_owner', `the position of ${topic} is ${stored ?? 'not set'} in the state file; this worker expected ${from ?? 'none'}`, {
      hint: 'another process has written this file: make sure that one process owns the data directory, then start again',
      details: { topic, stored, expected: from },
    });
  }
}
