/** Every user's first decisions in a stretch of time with their rewards, user by user, from one snapshot beside the file's writer. */
import type Database from 'better-sqlite3';
import type { TrainingExample } from '../../policies/learning.js';
import type { ScoredEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';

/** Requested at or after `sinceMs` and before `untilMs`, Unix ms. */
export interface Stretch {
  readonly sinceMs: number;
  readonly untilMs: number;
}

type Row = [requestedAtMs: number, rewardTipId: string | null, reward: number | null, record: string];

export class FirstDecisions {
  readonly #db: Database.Database;

  /** Throws no_data, state_mismatch. */
  constructor(path: string, featureSet: string) {
    this.#db = openStateForReading(path, { featureSet });
    this.#db.exec('BEGIN');
  }

  /** topic -> next offset */
  positions(): Map<string, number> {
    return new Map(this.#db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw().all());
  }

  /** Users with a rewarded decision, by id, with the newest reset in effect then: what was decided before it does not count any more. */
  learners(atMs: number): { readonly uid: number; readonly userId: string; readonly resetAtMs: number | null }[] {
    return this.#db
      .prepare<[number], { uid: number; userId: string; resetAtMs: number | null }>(
        `SELECT uid, user_id AS userId,
           (SELECT max(effective_at_ms) FROM control WHERE control.uid = user.uid AND type = 'reset' AND effective_at_ms <= ?) AS resetAtMs
         FROM user WHERE uid IN (SELECT uid FROM decision WHERE reward IS NOT NULL) ORDER BY user_id`,
      )
      .all(atMs);
  }

  /** The first so many of a user, whichever policy made them and whether or not they have a reward, in the order of their requests. */
  *of(uid: number, { sinceMs, untilMs }: Stretch, limit: number): Generator<TrainingExample & { readonly event: ScoredEvent }> {
    const rows = this.#db
      .prepare<[number, number, number, number], Row>(
        `SELECT requested_at_ms, reward_tip_id, reward, record FROM decision WHERE decision_key IN (
           SELECT decision_key FROM decision
           WHERE uid = ? AND scored_offset IS NOT NULL AND requested_at_ms >= ? AND requested_at_ms < ?
           ORDER BY requested_at_ms, decision_id LIMIT ?)
         ORDER BY requested_at_ms, decision_id`,
      )
      .raw();
    for (const [requestedAtMs, tipId, reward, record] of rows.iterate(uid, sinceMs, untilMs, limit)) {
      const learned = tipId === null || reward === null ? null : { tipId, reward };
      yield { requestedAtMs, event: JSON.parse(record) as ScoredEvent, learned };
    }
  }

  close(): void {
    this.#db.exec('ROLLBACK');
    this.#db.close();
  }
}
