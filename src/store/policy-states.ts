/** The sums each policy has learned per user, kept for the newest reset they were computed under. */
import type Database from 'better-sqlite3';
import { decodeState, encodeState } from '../policies/ridge-codec.js';
import type { RidgeState } from '../policies/ridge.js';

export interface StoredPolicyState {
  /** The reset these sums begin at; -1 when there was none. */
  readonly resetAtMs: number;
  readonly state: RidgeState;
}

export class PolicyStateTable {
  readonly #get: Database.Statement<[number, string], [number, Buffer]>;
  readonly #put: Database.Statement<[number, string, number, Buffer]>;

  constructor(db: Database.Database) {
    this.#get = db.prepare<[number, string], [number, Buffer]>('SELECT reset_at_ms, state FROM policy_state WHERE uid = ? AND policy = ?').raw();
    this.#put = db.prepare(
      `INSERT INTO policy_state (uid, policy, reset_at_ms, state) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET reset_at_ms = excluded.reset_at_ms, state = excluded.state`,
    );
  }

  get(uid: number, policy: string, dimension: number): StoredPolicyState | undefined {
    const row = this.#get.get(uid, policy);
    return row === undefined ? undefined : { resetAtMs: row[0], state: decodeState(row[1], dimension) };
  }

  put(uid: number, policy: string, resetAtMs: number, state: RidgeState): void {
    this.#put.run(uid, policy, resetAtMs, encodeState(state));
  }
}
