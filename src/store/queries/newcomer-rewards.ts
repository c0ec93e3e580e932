/** The newest rewarded decisions of users who had few before, from one state file beside its writer. */
import type { ScoredEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';

export interface NewcomerReward {
  readonly requestedAtMs: number;
  readonly tipId: string;
  readonly reward: number;
  readonly event: ScoredEvent;
}

/** Decisions looked at in one step: some milliseconds. */
const AT_ONCE = 200;
/** Further back nobody looks: where newcomers are that few, the newest thousand of them are of long ago. */
const LOOKED_BACK = 200_000;

type Row = [requestedAtMs: number, tipId: string, reward: number, record: string];

/**
 * Of decisions requested at or after `sinceMs` by whichever policy, with fewer than `updates` rewarded decisions behind them: newest
 * records first, some at a time, until the caller has enough. Throws no_data, state_mismatch.
 */
export function* newcomerRewards(path: string, sinceMs: number, updates: number): Generator<readonly NewcomerReward[]> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const last = db.prepare<[], number>('SELECT coalesce(max(decision_key), 0) FROM decision').pluck().get()!;
    const some = db
      .prepare<[number, number, number, number], Row>(
        `SELECT requested_at_ms, reward_tip_id, reward, record FROM decision
         WHERE decision_key > ? AND decision_key <= ? AND reward IS NOT NULL AND scored_offset IS NOT NULL AND requested_at_ms >= ?
           AND record ->> '$.model.updates' < ?
         ORDER BY decision_key DESC`,
      )
      .raw();
    for (let to = last; to > Math.max(0, last - LOOKED_BACK); to -= AT_ONCE)
      yield some.all(to - AT_ONCE, to, sinceMs, updates).map(([requestedAtMs, tipId, reward, record]) => ({
        requestedAtMs,
        tipId,
        reward,
        event: JSON.parse(record) as ScoredEvent,
      }));
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}
