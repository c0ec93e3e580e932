/**
 * The next offset per topic. Advancing is a compare-and-set, so an owner whose memory is stale fails instead of corrupting. With it:
 * which record was applied last and what it contained, so that another log under the same name is noticed; and up to where rejected
 * records have had their dead letters, so that folding them again sends none twice.
 */
import type { AppliedRecord } from '../../log/record-hash.js';
import type Database from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';

export class PositionTable {
  readonly #all: Database.Statement<[], [string, number]>;
  readonly #last: Database.Statement<[], [string, number, string]>;
  readonly #deadLettered: Database.Statement<[], [string, number]>;
  readonly #advance: Database.Statement<[number, number | null, string | null, string, number]>;
  readonly #insert: Database.Statement<[string, number, number | null, string | null]>;
  readonly #setDeadLettered: Database.Statement<[number, string]>;

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw();
    this.#last = db
      .prepare<[], [string, number, string]>('SELECT topic, last_offset, last_hash FROM position WHERE last_offset IS NOT NULL')
      .raw();
    this.#deadLettered = db.prepare<[], [string, number]>('SELECT topic, max(dead_lettered_to, next_offset) FROM position').raw();
    this.#advance = db.prepare(
      'UPDATE position SET next_offset = ?, last_offset = coalesce(?, last_offset), last_hash = ' +
        'coalesce(?, last_hash) WHERE topic = ? AND next_offset = ?',
    );
    this.#insert = db.prepare(
      'INSERT INTO position (topic, next_offset, last_offset, last_hash) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#setDeadLettered = db.prepare('UPDATE position SET dead_lettered_to = max(dead_lettered_to, ?) WHERE topic = ?');
  }

  all(): Map<string, number> {
    return new Map(this.#all.all());
  }

  /** topic -> the record applied last; topics of which none was are left out. */
  lastApplied(): Map<string, AppliedRecord> {
    return new Map(this.#last.all().map(([topic, offset, hash]) => [topic, { offset, hash }]));
  }

  /** topic -> the first offset whose rejection would be news. */
  deadLetteredTo(): Map<string, number> {
    return new Map(this.#deadLettered.all());
  }

  /** Within a transaction, of a topic that has a position. */
  setDeadLetteredTo(topic: string, offset: number): void {
    this.#setDeadLettered.run(offset, topic);
  }

  /**
   * `from` undefined: the topic has no position yet. `last` absent: no record was passed. Throws stale_owner when the stored one is not
   * `from`.
   */
  advance(topic: string, from: number | undefined, to: number, last?: AppliedRecord): void {
    const [offset, hash] = [last?.offset ?? null, last?.hash ?? null];
    const changes =
      from === undefined ? this.#insert.run(topic, to, offset, hash).changes : this.#advance.run(to, offset, hash, topic, from).changes;
    if (changes === 1) return;
    const stored = this.all().get(topic);
    throw new TipstreamError(
      'stale_owner',
      `the position of ${topic} is ${stored ?? 'not set'} in the state file; this worker expected ${from ?? 'none'}`,
      {
        hint: 'Make sure that one process owns the data directory, then start again: another one has written this file.',
        details: { topic, stored, expected: from },
      },
    );
  }
}
