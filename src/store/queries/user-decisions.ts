/** One user's decisions, and the records that concern them, read from a state file beside its writer: one snapshot. */
import type Database from 'better-sqlite3';
import type { ServingLink } from '../../policies/reward.js';
import type { TipState } from '../../projections/tip.js';
import type { ControlEvent, ScoredEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';
import { ControlTable } from '../tables/controls.js';
import { ClosedDecisionTable } from '../tables/closed-decisions.js';
import { DecisionTable, LinkTable, type StoredDecision } from '../tables/decisions.js';
import { TipReader } from '../tables/tips.js';

export interface ListedDecision {
  readonly decisionId: string;
  readonly requestedAtMs: number;
  /** null: answered, and not yet read back from tip.scored. */
  readonly scoredOffset: number | null;
  readonly reward: number | null;
  readonly event: ScoredEvent;
  /** What the shadow chose; undefined: it has not scored it. */
  readonly shadowTipId: string | undefined;
}

export interface WholeDecision {
  readonly live: StoredDecision | undefined;
  readonly shadow: StoredDecision | undefined;
  /** Servings that name it. */
  readonly links: readonly ServingLink[];
  /** Whether a prune has taken a serving of it: its reward is what it was then. */
  readonly isClosed: boolean;
  /** undefined: nothing is kept of the tip. */
  tip(tipId: string): TipState | undefined;
}

type ListedRow = [
  decisionId: string,
  requestedAtMs: number,
  scoredOffset: number | null,
  reward: number | null,
  record: string,
  shadowTipId: string | null,
];

export class UserDecisions {
  readonly #db: Database.Database;
  readonly #uid: number;

  /** Throws what opening throws. Of a user who is not in the file it answers nothing. */
  constructor(path: string, userId: string) {
    this.#db = openStateForReading(path);
    this.#db.exec('BEGIN');
    this.#uid = this.#db.prepare<[string], number>('SELECT uid FROM user WHERE user_id = ?').pluck().get(userId) ?? -1;
  }

  /** Requested before `beforeMs`, newest first; with `after`, those that follow that decision in this order. */
  list(beforeMs: number, limit: number, after?: string): ListedDecision[] {
    const last =
      after === undefined
        ? [beforeMs, -1]
        : (this.#db
            .prepare<[number, string], [number, number]>(
              'SELECT requested_at_ms, decision_key FROM decision WHERE uid = ? AND decision_id = ?',
            )
            .raw()
            .get(this.#uid, after) ?? [-1, -1]);
    return this.#db
      .prepare<[number, number, number, number, number], ListedRow>(
        `SELECT decision_id, requested_at_ms, scored_offset, reward, record,
           (SELECT record ->> '$.chosen_tip_id' FROM shadow_decision AS shadow
            WHERE shadow.uid = decision.uid AND shadow.decision_id = decision.decision_id)
         FROM decision WHERE decision_key IN (
           SELECT decision_key FROM decision WHERE uid = ? AND requested_at_ms < ? AND (requested_at_ms, decision_key) < (?, ?)
           ORDER BY requested_at_ms DESC, decision_key DESC LIMIT ?)
         ORDER BY requested_at_ms DESC, decision_key DESC`,
      )
      .raw()
      .all(this.#uid, beforeMs, last[0]!, last[1]!, limit)
      .map(([decisionId, requestedAtMs, scoredOffset, reward, record, shadowTipId]) => ({
        decisionId,
        requestedAtMs,
        scoredOffset,
        reward,
        event: JSON.parse(record) as ScoredEvent,
        shadowTipId: shadowTipId ?? undefined,
      }));
  }

  one(decisionId: string): WholeDecision {
    const uid = this.#uid;
    const tips = new TipReader(this.#db);
    return {
      live: new DecisionTable(this.#db, 'decision').get(uid, decisionId),
      shadow: new DecisionTable(this.#db, 'shadow_decision').get(uid, decisionId),
      links: new LinkTable(this.#db).ofDecision(uid, decisionId),
      isClosed: new ClosedDecisionTable(this.#db).get(uid, decisionId) !== undefined,
      tip: (tipId) => tips.tip(uid, tipId),
    };
  }

  /** Those that hold for everybody. */
  controls(): readonly ControlEvent[] {
    return new ControlTable(this.#db).shared();
  }

  tip(tipId: string): TipState | undefined {
    return new TipReader(this.#db).tip(this.#uid, tipId);
  }

  /** Ids of the decisions that a serving of the tip names. */
  decisionsOfTip(tipId: string): string[] {
    return new LinkTable(this.#db).decisionsOfTip(this.#uid, tipId);
  }

  close(): void {
    this.#db.exec('ROLLBACK');
    this.#db.close();
  }
}

/** Where the control of that id was first read, the one that holds; undefined: the file has none. */
export function controlOffset(path: string, controlId: string): number | undefined {
  const db = openStateForReading(path);
  try {
    return db.prepare<[string], number>('SELECT log_offset FROM control WHERE control_id = ?').pluck().get(controlId);
  } finally {
    db.close();
  }
}
