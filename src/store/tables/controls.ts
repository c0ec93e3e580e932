/**
 * Control records of this partition: the first of each control_id counts. Few in number, so all but those of single users are kept in
 * memory.
 */
import type Database from 'better-sqlite3';
import { keptControls } from '../../policies/controls/control-refusal.js';
import type { ControlEvent } from '../../topics.js';

export class ControlTable {
  readonly #insert: Database.Statement;
  readonly #shared: Database.Statement<[], string>;
  readonly #ofUser: Database.Statement<[number], string>;
  #cached: readonly ControlEvent[] | undefined;

  constructor(db: Database.Database) {
    this.#insert = db.prepare(
      'INSERT INTO control (control_id, uid, type, effective_at_ms, log_offset, record) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#shared = db.prepare<[], string>('SELECT record FROM control WHERE uid IS NULL ORDER BY effective_at_ms, control_id').pluck();
    this.#ofUser = db.prepare<[number], string>('SELECT record FROM control WHERE uid = ? ORDER BY effective_at_ms, control_id').pluck();
  }

  /** `uid` of the user for whom alone it holds, null otherwise. Answers whether this control_id is new. */
  add(event: ControlEvent, uid: number | null, offset: number): boolean {
    this.#cached = undefined;
    return this.#insert.run(event.control_id, uid, event.type, event.effective_at_ms, offset, JSON.stringify(event)).changes === 1;
  }

  /** Everything that holds for all users of the partition. */
  shared(): readonly ControlEvent[] {
    this.#cached ??= keptControls(this.#shared.all());
    return this.#cached;
  }

  /** What holds for this user: everything shared, and the user's own resets and migrations. */
  concerning(uid: number): readonly ControlEvent[] {
    const own = this.#ofUser.all(uid);
    return own.length === 0 ? this.shared() : [...this.shared(), ...keptControls(own)];
  }

  forget(): void {
    this.#cached = undefined;
  }
}
