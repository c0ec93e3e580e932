/**
 * The profiles that decisions were made with, as they are stored with each decision: what was known then, not what is known now of
 * then.
 */
import type Database from 'better-sqlite3';
import type { FeatureValues } from '../../projections/feature.js';
import { mergeByUser } from './merge-by-user.js';
import { guarded, openStateForReading } from '../state-file.js';

export interface ServedProfile {
  readonly userId: string;
  readonly decisionId: string;
  readonly asOfMs: number;
  /** Of the feature set that was in use when the decision was made. */
  readonly features: FeatureValues;
}

type Row = [userId: string, decisionId: string, requestedAtMs: number, features: string];

/** Decisions that have been read back from tip.scored: what this worker has answered and not yet read might still not be the decision. */
const SELECT = `SELECT user.user_id, decision.decision_id, decision.requested_at_ms, decision.record -> '$.profile.features'
  FROM user JOIN decision ON decision.uid = user.uid WHERE decision.scored_offset IS NOT NULL`;

/** One state file. */
export class ServedProfiles {
  readonly #path: string;
  readonly #db: Database.Database;
  readonly #one: Database.Statement<[string, string], Row>;
  readonly #all: Database.Statement<[], Row>;

  constructor(path: string) {
    this.#path = path;
    this.#db = openStateForReading(path);
    this.#one = this.#db.prepare<[string, string], Row>(`${SELECT} AND user.user_id = ? AND decision.decision_id = ?`).raw();
    this.#all = this.#db.prepare<[], Row>(`${SELECT} ORDER BY user.user_id, decision.decision_id`).raw();
  }

  get(userId: string, decisionId: string): ServedProfile | undefined {
    const row = guarded(this.#path, () => this.#one.get(userId, decisionId));
    return row === undefined ? undefined : profileOf(row);
  }

  /** By user_id, then decision_id, both by code point. */
  *all(): Generator<ServedProfile, undefined> {
    for (const row of this.#all.iterate()) yield profileOf(row);
    return undefined;
  }

  close(): void {
    this.#db.close();
  }
}

/** Those of several files, in one order. A user is in one file only. */
export function servedInOrder(files: readonly ServedProfiles[]): Generator<ServedProfile> {
  return mergeByUser(files.map((file) => file.all()));
}

function profileOf([userId, decisionId, asOfMs, features]: Row): ServedProfile {
  return { userId, decisionId, asOfMs, features: JSON.parse(features) as FeatureValues };
}
