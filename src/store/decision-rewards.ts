/** What single decisions earned, from one state file beside its writer. */
import { decisionPieces } from './decision-pieces.js';

export interface EarnedReward {
  readonly policy: string;
  readonly decisionId: string;
  readonly requestedAtMs: number;
  readonly reward: 0 | 1;
}

/** Every rewarded decision that one of these policies made, resets or not, from one snapshot: some at a time, in no order. Throws no_data, state_mismatch. */
export function decisionRewards(path: string, policies: readonly string[]): Generator<readonly EarnedReward[]> {
  return decisionPieces(path, (db) => {
    const some = db.prepare<(number | string)[], EarnedReward>(
      `SELECT policy, decision_id AS decisionId, requested_at_ms AS requestedAtMs, reward FROM decision
       WHERE decision_key > ? AND decision_key <= ? AND reward IS NOT NULL AND scored_offset IS NOT NULL AND policy IN (${policies.map(() => '?').join(', ')})`,
    );
    return (after, to) => some.all(after, to, ...policies);
  });
}
