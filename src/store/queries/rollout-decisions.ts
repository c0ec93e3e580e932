/** Decisions of one state file with what a rollout's arms are compared by, a piece at a time, beside the file's writer. */
import type Database from 'better-sqlite3';
import { keptControls } from '../../policies/controls/control-refusal.js';
import { fullTopicName, type ControlEvent } from '../../topics.js';
import { openStateForReading, readIdentity } from '../state-file.js';
import { decisionPieces } from './decision-pieces.js';

export interface RolloutDecision {
  readonly key: number;
  /** A small number of the user in this file. */
  readonly uid: number;
  readonly userId: string;
  readonly requestedAtMs: number;
  /** Who made it. */
  readonly policy: string;
  /** From the request to the done of the tip that its reward counts for, ms; null: not done, or not in time. */
  readonly doneAfterMs: number | null;
}

export interface DecisionPiece {
  readonly decisions: readonly RolloutDecision[];
  /** The controls for everybody that had been applied when the decision with this key was made, by the positions that it records. */
  readonly controlsKnownTo: (key: number) => readonly ControlEvent[];
}

type Row = [key: number, uid: number, requestedAtMs: number, policy: string, doneAfterMs: number | null];

/**
 * In SQL, of a row of `decision` with that of `tip`, if there is one: whatever a done is worth. One whose time a prune has taken counts as
 * one at once: it came long ago. A reward above 0 says that there was one, as far as that can still be told.
 */
const DONE_AFTER = `CASE
  WHEN tip.tip_id IS NOT NULL THEN CASE WHEN tip.done_at_ms >= tip.served_at_ms THEN tip.done_at_ms - requested_at_ms END
  WHEN reward > 0 THEN 0 END`;

/**
 * Every decision that has been read back from the log and was requested within these times, from one snapshot, in no order: those of
 * whatever policy, served or not. Throws no_data, state_mismatch.
 */
export function rolloutDecisions(
  path: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Generator<DecisionPiece> {
  return decisionPieces(path, (db) => {
    const some = db
      .prepare<[number, number, number, number], Row>(
        `SELECT decision_key, decision.uid, requested_at_ms, policy, ${DONE_AFTER}
         FROM decision LEFT JOIN tip ON tip.uid = decision.uid AND tip.tip_id = reward_tip_id
         WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL AND requested_at_ms >= ? AND requested_at_ms < ?`,
      )
      .raw();
    const userIdOf = knownUsers(db);
    const controlsKnownTo = knownControls(db);
    return (after, to) => ({
      decisions: some
        .all(after, to, fromMs, toMs)
        .map(([key, uid, requestedAtMs, policy, doneAfterMs]) => ({ key, uid, userId: userIdOf(uid), requestedAtMs, policy, doneAfterMs })),
      controlsKnownTo,
    });
  });
}

/** A user has many decisions, and the id as text is most of what reading one costs. */
function knownUsers(db: Database.Database): (uid: number) => string {
  const get = db.prepare<[number], string>('SELECT user_id FROM user WHERE uid = ?').pluck();
  const known: (string | undefined)[] = [];
  return (uid) => (known[uid] ??= get.get(uid)!);
}

function knownControls(db: Database.Database): DecisionPiece['controlsKnownTo'] {
  const topic = fullTopicName(readIdentity(db).topicPrefix, 'policy.control');
  const positions = db.prepare<[number], string>("SELECT record -> '$.positions' FROM decision WHERE decision_key = ?").pluck();
  const before = db
    .prepare<[number], string>('SELECT record FROM control WHERE uid IS NULL AND log_offset < ? ORDER BY effective_at_ms, control_id')
    .pluck();
  const known = new Map<number, readonly ControlEvent[]>();
  return (key) => {
    const next = (JSON.parse(positions.get(key)!) as Record<string, number>)[topic] ?? 0;
    let controls = known.get(next);
    if (controls === undefined) known.set(next, (controls = keptControls(before.all(next))));
    return controls;
  };
}

/** How many users the file knows, whatever it knows of them. Throws no_data, state_mismatch. */
export function userCount(path: string): number {
  const db = openStateForReading(path);
  try {
    return db.prepare<[], number>('SELECT count(*) FROM user').pluck().get()!;
  } finally {
    db.close();
  }
}
