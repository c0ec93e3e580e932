/** The prompt versions under which the live policies' decisions were served, from one state file beside its writer. */
import { servedCandidate } from '../policies/reward.js';
import { recordedVector } from '../policies/scored-event.js';
import { textFromSql } from '../projections/sql-text.js';
import type { ScoredEvent } from '../topics.js';
import { openStateForReading } from './state-file.js';

export interface DecisionPrompt {
  readonly userId: string;
  readonly decisionId: string;
  /** Of the serving that counts for the decision; null: it names none. */
  readonly promptVersion: string | null;
  /** null: none yet. */
  readonly reward: 0 | 1 | null;
}

type Row = [uid: number, userId: string, decisionId: string, reward: 0 | 1 | null, record: string, closedVersion: string | Buffer | null, closed: number];
type LinkRow = [tipId: string, servedAt: number, version: string | Buffer | null];

/**
 * Every decision of the log that was served with one of its candidates, from one snapshot. A decision that a prune has closed says no more whether it was: without
 * a version and a reward it is left out. Throws no_data, state_mismatch.
 */
export function* decisionPrompts(path: string): Generator<DecisionPrompt> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const links = db.prepare<[number, string], LinkRow>('SELECT tip_id, served_at_ms, prompt_version FROM decision_link WHERE uid = ? AND decision_id = ?').raw();
    const rows = db.prepare<[], Row>(
      `SELECT uid, user_id, decision.decision_id, decision.reward, record, closed.prompt_version, closed.uid IS NOT NULL
       FROM decision JOIN user USING (uid) LEFT JOIN closed_decision AS closed USING (uid, decision_id)
       WHERE scored_offset IS NOT NULL AND (closed.uid IS NOT NULL OR EXISTS (SELECT 1 FROM decision_link AS link WHERE link.uid = decision.uid AND link.decision_id = decision.decision_id))`,
    ).raw();
    for (const [uid, userId, decisionId, reward, record, closedVersion, closed] of rows.iterate()) {
      const version = closed === 0 ? servedVersion(record, links.all(uid, decisionId)) : closedVersion === null && reward === null ? undefined : closedVersion;
      if (version !== undefined) yield { userId, decisionId, promptVersion: version === null ? null : textFromSql(version), reward };
    }
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}

/** undefined: no candidate was served. */
function servedVersion(record: string, links: readonly LinkRow[]): string | Buffer | null | undefined {
  const event = JSON.parse(record) as ScoredEvent;
  const served = servedCandidate(links.map(([tipId, servedAtMs]) => ({ tipId, servedAtMs })), (tipId) => recordedVector(event, tipId) !== undefined);
  return links.find(([tipId]) => tipId === served)?.[2];
}
