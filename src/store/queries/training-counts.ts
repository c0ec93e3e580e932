/** How much of a state file is what a policy learns from, read beside its writer. */
import { openStateForReading, readIdentity } from '../state-file.js';

export interface DecisionSpan {
  readonly users: number;
  readonly decisions: number;
  /** Decisions with a reward, and the sum of the rewards. */
  readonly rewarded: number;
  readonly rewards: number;
  /** Unix ms; null of no decision. */
  readonly firstRequestedAtMs: number | null;
  readonly lastRequestedAtMs: number | null;
}

export interface TrainingCounts {
  readonly partitionCount: number;
  /** Full topic name -> next offset. */
  readonly positions: ReadonlyMap<string, number>;
  readonly own: DecisionSpan;
  readonly shadow: DecisionSpan;
}

/** From one snapshot: decisions that were read back from the log, of the policies that their events name. */
export function trainingCounts(path: string, policy: string, shadowPolicy: string): TrainingCounts {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const span = (table: 'decision' | 'shadow_decision', name: string): DecisionSpan =>
      db
        .prepare<[string], DecisionSpan>(
          `SELECT count(DISTINCT uid) AS users, count(*) AS decisions, count(reward) AS rewarded, coalesce(sum(reward), 0) AS rewards,
         min(requested_at_ms) AS firstRequestedAtMs, max(requested_at_ms) AS lastRequestedAtMs
         FROM ${table} WHERE policy = ? AND scored_offset IS NOT NULL`,
        )
        .get(name)!;
    const positions = new Map(db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw().all());
    return {
      partitionCount: readIdentity(db).partitions,
      positions,
      own: span('decision', policy),
      shadow: span('shadow_decision', shadowPolicy),
    };
  } finally {
    db.close();
  }
}
