/**
 * Decisions that lost a serving to a prune. The reward of each by then is kept for good: its reward could not be worked out again
 * from what is left, and a late event of a pruned tip must not seem to be the first that was ever known.
 */
import type Database from 'better-sqlite3';
import type { Reward } from '../../policies/reward.js';
import { textForSql } from '../../projections/sql-text.js';

export interface ClosedDecision {
  /** null: nothing. */
  readonly earned: Reward | null;
}

export class ClosedDecisionTable {
  readonly #get: Database.Statement<[number, string], [string | null, number | null]>;
  readonly #insert: Database.Statement<[number, string, string | null, number | null, string | Uint8Array | null]>;
  /** Most state files have none: then nobody asks the file. */
  #any: boolean;

  constructor(db: Database.Database) {
    this.#get = db
      .prepare<[number, string], [string | null, number | null]>(
        'SELECT reward_tip_id, reward FROM closed_decision WHERE uid = ? AND decision_id = ?',
      )
      .raw();
    this.#insert = db.prepare(
      'INSERT INTO closed_decision (uid, decision_id, reward_tip_id, reward, prompt_version) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#any = db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM closed_decision)').pluck().get() === 1;
  }

  /** undefined: open. */
  get(uid: number, decisionId: string): ClosedDecision | undefined {
    const row = this.#any ? this.#get.get(uid, decisionId) : undefined;
    if (row === undefined) return undefined;
    return { earned: row[0] === null ? null : { tipId: row[0], reward: row[1]! } };
  }

  /** What it was closed with first stays. `promptVersion`: of the serving that counts; null when there is none or it names none. */
  close(uid: number, decisionId: string, earned: Reward | null, promptVersion: string | null): void {
    this.#any = true;
    this.#insert.run(
      uid,
      decisionId,
      earned?.tipId ?? null,
      earned?.reward ?? null,
      promptVersion === null ? null : textForSql(promptVersion),
    );
  }
}
