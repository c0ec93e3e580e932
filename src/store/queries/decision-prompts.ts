/** The prompt versions under which the live policies' decisions were served, from one state file beside its writer. */
import { textFromSql } from '../../projections/sql-text.js';
import { openStateForReading } from '../state-file.js';

export interface DecisionPrompt {
  readonly userId: string;
  readonly decisionId: string;
  /** Of the serving that counts for the decision; null: it names none. */
  readonly promptVersion: string | null;
  /** null: none yet. */
  readonly reward: number | null;
}

type Row = [userId: string, decisionId: string, reward: number | null, version: string | Buffer | null];

/**
 * The serving that counts is that of src/policies/reward.ts: the candidate with the smallest (served_at_ms, tip_id), where text sorts
 * by its bytes, which is by code point. Where there is a reward it is known which one that was; only for the others the record is read
 * for its candidates.
 */
const COUNTING_TIP = `coalesce(decision.reward_tip_id, (
  SELECT tip_id FROM decision_link AS other
  WHERE other.uid = decision.uid AND other.decision_id = decision.decision_id
    AND EXISTS (SELECT 1 FROM json_each(decision.record, '$.features.vectors') AS vector WHERE vector.key = other.tip_id)
  ORDER BY served_at_ms, tip_id LIMIT 1))`;

const SERVED = `
  SELECT user_id, decision.decision_id, decision.reward,
    CASE WHEN closed.uid IS NULL THEN link.prompt_version ELSE closed.prompt_version END
  FROM decision JOIN user USING (uid)
    LEFT JOIN closed_decision AS closed USING (uid, decision_id)
    LEFT JOIN decision_link AS link ON closed.uid IS NULL AND link.uid = decision.uid
      AND link.decision_id = decision.decision_id AND link.tip_id = ${COUNTING_TIP}
  WHERE scored_offset IS NOT NULL
    AND (link.uid IS NOT NULL OR closed.prompt_version IS NOT NULL OR (closed.uid IS NOT NULL AND decision.reward IS NOT NULL))`;

/**
 * Every decision of the log that was served with one of its candidates, from one snapshot. A decision that a prune has closed says no
 * more whether it was: without a version and a reward it is left out. Throws no_data, state_mismatch.
 */
export function* decisionPrompts(path: string): Generator<DecisionPrompt> {
  const db = openStateForReading(path);
  try {
    for (const [userId, decisionId, reward, version] of db.prepare<[], Row>(SERVED).raw().iterate()) {
      yield { userId, decisionId, promptVersion: version === null ? null : textFromSql(version), reward };
    }
  } finally {
    db.close();
  }
}
