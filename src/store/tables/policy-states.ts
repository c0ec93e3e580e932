/** What was learned from each user's decisions, in sums, by whose decisions they are and in whose vectors (see example-source.ts). */
import type Database from 'better-sqlite3';
import { translatedNamesOf } from '../../policies/example-source.js';
import { decodeState, encodeState } from '../../policies/ridge-codec.js';
import type { RidgeState } from '../../policies/ridge.js';

export interface StoredSums {
  /** Of decisions requested at or after, Unix ms: a reset or a migration; -1: of all. The column is named after the reset. */
  readonly sinceMs: number;
  readonly state: RidgeState;
}

export class PolicyStateTable {
  readonly #get: Database.Statement<[number, string], [number, Buffer]>;
  readonly #translations: Database.Statement<[number, string, string], string>;
  readonly #put: Database.Statement<[number, string, number, Buffer]>;

  constructor(db: Database.Database) {
    this.#get = db
      .prepare<[number, string], [number, Buffer]>('SELECT reset_at_ms, state FROM policy_state WHERE uid = ? AND policy = ?')
      .raw();
    this.#translations = db
      .prepare<[number, string, string], string>('SELECT policy FROM policy_state WHERE uid = ? AND policy > ? AND policy < ?')
      .pluck();
    this.#put = db.prepare(
      `INSERT INTO policy_state (uid, policy, reset_at_ms, state) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET reset_at_ms = excluded.reset_at_ms, state = excluded.state`,
    );
  }

  get(uid: number, name: string, dimension: number): StoredSums | undefined {
    const row = this.#get.get(uid, name);
    return row === undefined ? undefined : { sinceMs: row[0], state: decodeState(row[1], dimension) };
  }

  /** Names of the sums there are of that policy's decisions in other policies' vectors. */
  translations(uid: number, decidedBy: string): string[] {
    return this.#translations.all(uid, ...translatedNamesOf(decidedBy));
  }

  put(uid: number, name: string, { sinceMs, state }: StoredSums): void {
    this.#put.run(uid, name, sinceMs, encodeState(state));
  }
}
