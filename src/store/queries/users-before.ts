/** Users of one state file as the decisions before a time knew them, and how far its decisions have come, beside the file's writer. */
import type { ProfileValues } from '../../policies/policy.js';
import { openStateForReading } from '../state-file.js';

export interface UserBefore {
  readonly userId: string;
  /** Of the user's first decision that is still there, Unix ms. */
  readonly firstRequestedAtMs: number;
  /** What the last one before the time was made with. */
  readonly profile: ProfileValues;
}

export interface DecisionSurvey {
  /** When the newest decision of all was requested, Unix ms; undefined: there is none. */
  readonly newestMs: number | undefined;
  /** Those with a decision before the time. */
  readonly users: readonly UserBefore[];
}

interface Row {
  readonly key: number;
  readonly uid: number;
  readonly decisionId: string;
  readonly requestedAtMs: number;
}

/** Read at once: about a millisecond. */
const AT_ONCE = 500;

/** Of decisions that have been read back from the log, from one snapshot. Yields between pieces. Throws no_data, state_mismatch. */
export function* surveyDecisions(path: string, beforeMs: number): Generator<void, DecisionSurvey> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const end = db.prepare<[], number>('SELECT coalesce(max(decision_key), 0) FROM decision').pluck().get()!;
    const some = db.prepare<[number, number], Row>(
      `SELECT decision_key AS key, uid, decision_id AS decisionId, requested_at_ms AS requestedAtMs FROM decision
       WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL`,
    );
    const found = new Map<number, { last: Row; firstMs: number }>();
    let newestMs: number | undefined;
    for (let after = 0; after < end; after += AT_ONCE) {
      for (const row of some.all(after, after + AT_ONCE)) {
        const { uid, requestedAtMs } = row;
        newestMs = Math.max(newestMs ?? requestedAtMs, requestedAtMs);
        if (requestedAtMs >= beforeMs) continue;
        const known = found.get(uid);
        if (known === undefined) found.set(uid, { last: row, firstMs: requestedAtMs });
        else {
          known.firstMs = Math.min(known.firstMs, requestedAtMs);
          if (isLater(row, known.last)) known.last = row;
        }
      }
      yield;
    }
    const profileOf = db
      .prepare<[number], [string, string]>(
        "SELECT user_id, record -> '$.profile.features' FROM decision JOIN user USING (uid) WHERE decision_key = ?",
      )
      .raw();
    const users: UserBefore[] = [];
    for (const { last, firstMs } of found.values()) {
      const [userId, profile] = profileOf.get(last.key)!;
      users.push({ userId, firstRequestedAtMs: firstMs, profile: JSON.parse(profile) as ProfileValues });
      if (users.length % AT_ONCE === 0) yield;
    }
    return { newestMs, users };
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}

/** In an order that does not depend on when the decisions were folded. */
function isLater(a: Row, b: Row): boolean {
  return a.requestedAtMs > b.requestedAtMs || (a.requestedAtMs === b.requestedAtMs && a.decisionId > b.decisionId);
}
