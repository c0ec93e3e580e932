/** The live policy's decisions of one state file with what came of them, in the order of their requests, from one snapshot. */
import type Database from 'better-sqlite3';
import { keptControls } from '../../policies/controls/control-refusal.js';
import { textFromSql } from '../../projections/sql-text.js';
import { rewardRulesIn, rewardTimeline, type RewardRules } from '../../policies/controls/reward-rules.js';
import { countingReaction, servedCandidate } from '../../policies/reward.js';
import { recordedVector } from '../../policies/scored-event.js';
import type { ControlEvent, ScoredEvent } from '../../topics.js';
import type { AppliedRecord } from '../../log/record-hash.js';
import { openStateForReading, stateError } from '../state-file.js';
import { ControlTable } from '../tables/controls.js';

export interface DecisionOutcome {
  readonly event: ScoredEvent;
  readonly servedTipId: string | null;
  readonly category: string | null;
  readonly reward: number | null;
  readonly reactedAtMs: number | null;
  /** Of the user's newest reset that held for it. */
  readonly resetAtMs: number | null;
}

type Row = [uid: number, decisionId: string, rewardTipId: string | null, reward: number | null, record: string];
type TipRow = [category: string | Buffer | null, served: number | null, done: number | null, dismiss: number | null, snooze: number | null];

export class LoggedDecisions {
  readonly #path: string;
  readonly #db: Database.Database;

  /** Throws no_data, state_mismatch. */
  constructor(path: string, featureSet: string) {
    this.#path = path;
    this.#db = openStateForReading(path, { featureSet });
    this.#db.exec('BEGIN');
  }

  positions(): Map<string, number> {
    return new Map(this.#db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw().all());
  }

  /** topic -> the record applied last. */
  lastApplied(): Map<string, AppliedRecord> {
    const rows = this.#db
      .prepare<[], [string, number, string]>(
        'SELECT topic, last_offset, last_hash FROM position WHERE last_offset IS NOT NULL ORDER BY topic',
      )
      .raw()
      .all();
    return new Map(rows.map(([topic, offset, hash]) => [topic, { offset, hash }]));
  }

  /** Those for everybody. */
  controls(): readonly ControlEvent[] {
    return new ControlTable(this.#db).shared();
  }

  /** Each holds for the user whom it names alone. */
  migrationsOfUsers(): ControlEvent[] {
    return keptControls(
      this.#db.prepare<[], string>("SELECT record FROM control WHERE uid IS NOT NULL AND type = 'migrate'").pluck().all(),
    );
  }

  count(): number {
    return this.#db.prepare<[], number>('SELECT count(*) FROM decision WHERE scored_offset IS NOT NULL').pluck().get()!;
  }

  /** Only what has been read back from the log. Keys are sorted first, so that memory does not depend on the records. */
  *inOrder(): Generator<DecisionOutcome> {
    const get = this.#db
      .prepare<[number], Row>('SELECT uid, decision_id, reward_tip_id, reward, record FROM decision WHERE decision_key = ?')
      .raw();
    const links = this.#db
      .prepare<[number, string], [string, number]>('SELECT tip_id, served_at_ms FROM decision_link WHERE uid = ? AND decision_id = ?')
      .raw();
    const tip = this.#db
      .prepare<[number, string], TipRow>(
        'SELECT served_category, served_at_ms, done_at_ms, dismiss_at_ms, snooze_at_ms FROM tip WHERE uid = ? AND tip_id = ?',
      )
      .raw();
    const resets = new Map<number, number[]>();
    for (const [uid, atMs] of this.#db
      .prepare<[], [number, number]>(
        "SELECT uid, effective_at_ms FROM control WHERE uid IS NOT NULL AND type = 'reset' ORDER BY effective_at_ms",
      )
      .raw()
      .iterate()) {
      const known = resets.get(uid);
      if (known === undefined) resets.set(uid, [atMs]);
      else known.push(atMs);
    }
    const timeline = rewardTimeline(this.controls());
    const keys = this.#db
      .prepare<[], number>('SELECT decision_key FROM decision WHERE scored_offset IS NOT NULL ORDER BY requested_at_ms, decision_id')
      .pluck()
      .all();
    for (const key of keys) {
      const [uid, decisionId, rewardTipId, reward, record] = get.get(key)!;
      const event = JSON.parse(record) as ScoredEvent;
      const servings = links.all(uid, decisionId).map(([tipId, servedAtMs]) => ({ tipId, servedAtMs }));
      const servedTipId = servedCandidate(servings, (tipId) => recordedVector(event, tipId) !== undefined) ?? rewardTipId;
      const times = servedTipId === null ? undefined : tip.get(uid, servedTipId);
      yield {
        event,
        servedTipId,
        reward,
        category: times === undefined || times[0] === null ? null : textFromSql(times[0]),
        reactedAtMs: reward === null || times === undefined ? null : reactedAt(times, rewardRulesIn(timeline, event.profile.as_of_ms)),
        resetAtMs: resets.get(uid)?.findLast((atMs) => atMs <= event.profile.as_of_ms) ?? null,
      };
    }
  }

  close(): void {
    try {
      this.#db.exec('ROLLBACK');
      this.#db.close();
    } catch (error) {
      throw stateError(this.#path, error);
    }
  }
}

/** When the reaction came that the reward is for. */
function reactedAt([, servedAtMs, done, dismiss, snooze]: TipRow, { windowMs }: RewardRules): number | null {
  const reaction = countingReaction({ servedAtMs, doneAtMs: done, dismissAtMs: dismiss, snoozeAtMs: snooze }, windowMs);
  return reaction === null ? null : { done, dismiss, snooze }[reaction];
}
