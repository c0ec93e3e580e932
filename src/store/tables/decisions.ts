/**
 * Decisions, their servings and what has been learned from them. A decision with scored_offset NULL has been answered by
 * this worker but not yet read back from tip.scored: it stops a second answer, and nothing is learned from it.
 */
import type Database from 'better-sqlite3';
import { jsonText } from '../../projections/object-value.js';
import type { ServingLink } from '../../policies/reward.js';
import { textForSql, textFromSql } from '../../projections/sql-text.js';
import type { ScoredEvent } from '../../topics.js';

export interface StoredDecision {
  readonly key: number;
  readonly decisionId: string;
  readonly requestedAtMs: number;
  /** null: answered, and not yet read back. */
  readonly scoredOffset: number | null;
  /** The served candidate and its reward that are in the policy's sums; null when nothing is. */
  readonly learned: { readonly tipId: string; readonly reward: number } | null;
  /** Parsed from the row when it is first asked for. */
  readonly event: ScoredEvent;
}

type RowWithoutRecord = [
  key: number,
  decisionId: string,
  requestedAt: number,
  offset: number | null,
  tipId: string | null,
  reward: number | null,
];
type Row = [...RowWithoutRecord, record: string];
const WITHOUT_RECORD = 'decision_key, decision_id, requested_at_ms, scored_offset, reward_tip_id, reward';
const COLUMNS = `${WITHOUT_RECORD}, record`;

/** One table of decisions: the live ones (`decision`) or the shadow's (`shadow_decision`). */
export class DecisionTable {
  readonly #exists: Database.Statement<[number, string], number>;
  readonly #get: Database.Statement<[number, string], Row>;
  readonly #look: Database.Statement<[number, string], RowWithoutRecord>;
  readonly #recordOf: Database.Statement<[number], string>;
  readonly #choice: Database.Statement<[number, string], string>;
  readonly #ofUser: Database.Statement<[number, string], Row>;
  readonly #since: Database.Statement<[number], [string, string]>;
  readonly #insert: Database.Statement;
  readonly #record: Database.Statement;
  readonly #readBack: Database.Statement<[number, number, string, Buffer]>;
  readonly #learned: Database.Statement;

  constructor(db: Database.Database, table: 'decision' | 'shadow_decision') {
    this.#exists = db.prepare<[number, string], number>(`SELECT 1 FROM ${table} WHERE uid = ? AND decision_id = ?`).pluck();
    this.#get = db.prepare<[number, string], Row>(`SELECT ${COLUMNS} FROM ${table} WHERE uid = ? AND decision_id = ?`).raw();
    this.#look = db
      .prepare<[number, string], RowWithoutRecord>(`SELECT ${WITHOUT_RECORD} FROM ${table} WHERE uid = ? AND decision_id = ?`)
      .raw();
    this.#recordOf = db.prepare<[number], string>(`SELECT record FROM ${table} WHERE decision_key = ?`).pluck();
    this.#choice = db
      .prepare<[number, string], string>(`SELECT record ->> '$.chosen_tip_id' FROM ${table} WHERE uid = ? AND decision_id = ?`)
      .pluck();
    this.#ofUser = db
      .prepare<[number, string], Row>(`SELECT ${COLUMNS} FROM ${table} WHERE uid = ? AND policy = ? AND reward IS NOT NULL`)
      .raw();
    // Not from the user table, where a user of the batch under way has no row yet.
    this.#since = db
      .prepare<[number], [string, string]>(`SELECT record ->> '$.user_id', decision_id FROM ${table} WHERE requested_at_ms >= ?`)
      .raw();
    this.#insert = db.prepare(
      `INSERT INTO ${table} (uid, decision_id, policy, requested_at_ms, scored_offset, record) VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#record = db.prepare(`UPDATE ${table} SET policy = ?, requested_at_ms = ?, scored_offset = ?, record = ? WHERE decision_key = ?`);
    this.#readBack = db.prepare(
      `UPDATE ${table} SET scored_offset = ? WHERE uid = ? AND decision_id = ? AND scored_offset IS NULL AND CAST(record AS BLOB) = ?`,
    );
    this.#learned = db.prepare(`UPDATE ${table} SET reward_tip_id = ?, reward = ? WHERE decision_key = ?`);
  }

  has(uid: number, decisionId: string): boolean {
    return this.#exists.get(uid, decisionId) !== undefined;
  }

  get(uid: number, decisionId: string): StoredDecision | undefined {
    const row = this.#get.get(uid, decisionId);
    return row === undefined ? undefined : decisionOf(row, () => row[6]);
  }

  /** As `get`; the record, most of the row, is read only when the event is asked for. Within a transaction. */
  look(uid: number, decisionId: string): StoredDecision | undefined {
    const row = this.#look.get(uid, decisionId);
    return row === undefined ? undefined : decisionOf(row, () => this.#recordOf.get(row[0])!);
  }

  /** The chosen tip_id; undefined: there is no such decision. */
  choice(uid: number, decisionId: string): string | undefined {
    return this.#choice.get(uid, decisionId);
  }

  /** The user's decisions by that policy which have a reward. */
  rewarded(uid: number, policy: string): StoredDecision[] {
    return this.#ofUser.all(uid, policy).map((row) => decisionOf(row, () => row[6]));
  }

  requestedSince(requestedAtMs: number): { readonly userId: string; readonly decisionId: string }[] {
    return this.#since.all(requestedAtMs).map(([userId, decisionId]) => ({ userId, decisionId }));
  }

  /** `record` is the event as JSON, where the caller has it already. */
  insert(uid: number, event: ScoredEvent, scoredOffset: number | null, record = jsonText(event)): void {
    this.#insert.run(uid, event.decision_id, event.policy, event.profile.as_of_ms, scoredOffset, record);
  }

  /** The log's record of a decision that this worker had answered. */
  record(key: number, event: ScoredEvent, scoredOffset: number): void {
    this.#record.run(event.policy, event.profile.as_of_ms, scoredOffset, jsonText(event), key);
  }

  /** Sets the offset of a decision that has none yet, if its record has exactly these bytes; answers whether it did. */
  readBack(uid: number, decisionId: string, record: Buffer, scoredOffset: number): boolean {
    return this.#readBack.run(scoredOffset, uid, decisionId, record).changes === 1;
  }

  setLearned(key: number, learned: StoredDecision['learned']): void {
    this.#learned.run(learned?.tipId ?? null, learned?.reward ?? null, key);
  }
}

function decisionOf(row: RowWithoutRecord | Row, record: () => string): StoredDecision {
  let event: ScoredEvent | undefined;
  return {
    key: row[0],
    decisionId: row[1],
    requestedAtMs: row[2],
    scoredOffset: row[3],
    learned: row[4] === null ? null : { tipId: row[4], reward: row[5]! },
    get event() {
      return (event ??= parseEvent(record()));
    },
  };
}

/** JSON.parse makes `__proto__` an own key, so tip_ids of any spelling survive. */
function parseEvent(record: string): ScoredEvent {
  return JSON.parse(record) as ScoredEvent;
}

/**
 * tip.served events that name a decision, whether or not that decision is known yet: per tip the earliest. Of those with the earliest
 * time a prompt version beats none, and the smaller by code point beats the larger, so that their order does not matter.
 */
export class LinkTable {
  readonly #add: Database.Statement<[number, string, string, number, string | Uint8Array | null]>;
  readonly #promptVersion: Database.Statement<[number, string, string], string | Buffer | null>;
  readonly #ofDecision: Database.Statement<[number, string], [string, number]>;
  readonly #decisionsOfTip: Database.Statement<[number, string], string>;
  readonly #removeTip: Database.Statement<[number, string]>;

  constructor(db: Database.Database) {
    this.#add = db.prepare(
      `INSERT INTO decision_link (uid, decision_id, tip_id, served_at_ms, prompt_version) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET served_at_ms = excluded.served_at_ms, prompt_version = excluded.prompt_version
       WHERE excluded.served_at_ms < served_at_ms OR (excluded.served_at_ms = served_at_ms AND excluded.prompt_version IS NOT NULL
         AND (prompt_version IS NULL OR CAST(excluded.prompt_version AS BLOB) < CAST(prompt_version AS BLOB)))`,
    );
    this.#promptVersion = db
      .prepare<[number, string, string], string | Buffer | null>(
        'SELECT prompt_version FROM decision_link WHERE uid = ? AND decision_id = ? AND tip_id = ?',
      )
      .pluck();
    this.#ofDecision = db
      .prepare<[number, string], [string, number]>('SELECT tip_id, served_at_ms FROM decision_link WHERE uid = ? AND decision_id = ?')
      .raw();
    this.#removeTip = db.prepare<[number, string]>('DELETE FROM decision_link WHERE uid = ? AND tip_id = ?');
    this.#decisionsOfTip = db
      .prepare<[number, string], string>('SELECT decision_id FROM decision_link WHERE uid = ? AND tip_id = ?')
      .pluck();
  }

  /** Answers whether anything changed. */
  add(uid: number, decisionId: string, tipId: string, servedAtMs: number, promptVersion: string | null): boolean {
    return this.#add.run(uid, decisionId, tipId, servedAtMs, promptVersion === null ? null : textForSql(promptVersion)).changes === 1;
  }

  /** The prompt version with which the tip was served for that decision; null: the serving names none. */
  promptVersion(uid: number, decisionId: string, tipId: string): string | null {
    const stored = this.#promptVersion.get(uid, decisionId, tipId) ?? null;
    return stored === null ? null : textFromSql(stored);
  }

  ofDecision(uid: number, decisionId: string): ServingLink[] {
    return this.#ofDecision.all(uid, decisionId).map(([tipId, servedAtMs]) => ({ tipId, servedAtMs }));
  }

  decisionsOfTip(uid: number, tipId: string): string[] {
    return this.#decisionsOfTip.all(uid, tipId);
  }

  removeTip(uid: number, tipId: string): void {
    this.#removeTip.run(uid, tipId);
  }
}
