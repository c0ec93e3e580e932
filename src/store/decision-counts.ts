/** How many decisions each policy has made and what they earned, from one state file beside its writer. */
import { openStateForReading } from './state-file.js';

export interface DecisionCount {
  readonly policy: string;
  readonly decisions: number;
  /** Decisions with a reward, and the sum of the rewards. */
  readonly rewarded: number;
  readonly rewards: number;
}

/** Decisions counted at once: about a millisecond. */
const AT_ONCE = 500;

/** Every decision of the log, resets or not, from one snapshot: counts of some decisions at a time, to be added up. Throws no_data, state_mismatch. */
export function* decisionCounts(path: string): Generator<readonly DecisionCount[]> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const last = db.prepare<[], number>('SELECT coalesce(max(decision_key), 0) FROM decision').pluck().get()!;
    const some = db.prepare<[number, number], DecisionCount>(
      `SELECT policy, count(*) AS decisions, count(reward) AS rewarded, coalesce(sum(reward), 0) AS rewards
       FROM decision WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL GROUP BY policy`,
    );
    for (let after = 0; after < last; after += AT_ONCE) yield some.all(after, after + AT_ONCE);
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}
