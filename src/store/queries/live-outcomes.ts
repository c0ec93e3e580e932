/** What became of single decisions, from one state file beside its writer. */
import { REWARD_WINDOW_MS } from '../../policies/reward.js';
import { decisionPieces } from './decision-pieces.js';

export interface DecisionFate {
  readonly policy: string;
  readonly decisionId: string;
  readonly requestedAtMs: number;
  /** From the request to the done of the tip that its reward counts for, ms; null: not done so far, or not in time. */
  readonly doneAfterMs: number | null;
}

/**
 * Every decision that one of these policies made and somebody served, resets or not, from one snapshot: some at a time, in no order. A
 * done whose time a prune has taken counts as the latest that there is. Throws no_data, state_mismatch.
 */
export function decisionFates(path: string, policies: readonly string[]): Generator<readonly DecisionFate[]> {
  return decisionPieces(path, (db) => {
    const some = db.prepare<(number | string)[], DecisionFate>(
      `SELECT policy, decision_id AS decisionId, requested_at_ms AS requestedAtMs,
         CASE WHEN reward = 1 THEN coalesce(
           (SELECT done_at_ms FROM tip WHERE tip.uid = decision.uid AND tip_id = reward_tip_id) - requested_at_ms,
           ${REWARD_WINDOW_MS}) END AS doneAfterMs
       FROM decision
       WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL AND policy IN (${policies.map(() => '?').join(', ')})
         AND (reward IS NOT NULL OR EXISTS (
           SELECT 1 FROM decision_link AS link WHERE link.uid = decision.uid AND link.decision_id = decision.decision_id))`,
    );
    return (after, to) => some.all(after, to, ...policies);
  });
}
