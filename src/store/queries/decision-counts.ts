/** How many decisions each policy has made and their rewards, from one state file beside its writer. */
import { decisionPieces } from './decision-pieces.js';

export interface DecisionCount {
  readonly policy: string;
  readonly decisions: number;
  /** Decisions with a reward, and the sum of the rewards. */
  readonly rewarded: number;
  readonly rewards: number;
}

/**
 * Every decision of the log, resets or not, from one snapshot: counts of some decisions at a time, to be added up. Throws no_data,
 * state_mismatch.
 */
export function decisionCounts(path: string): Generator<readonly DecisionCount[]> {
  return decisionPieces(path, (db) => {
    const some = db.prepare<[number, number], DecisionCount>(
      `SELECT policy, count(*) AS decisions, count(reward) AS rewarded, coalesce(sum(reward), 0) AS rewards
       FROM decision WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL GROUP BY policy`,
    );
    return (after, to) => some.all(after, to);
  });
}
