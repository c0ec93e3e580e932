/**
 * A state file as it lies on disk, row by row, for a comparison with a replay: one snapshot from `begin` to `close`, however long the
 * reader takes. The writer goes on meanwhile; what it writes stays in the write-ahead log until the snapshot is given up.
 */
import type Database from 'better-sqlite3';
import { decodeCounters } from '../../projections/counters/counters.js';
import type { UserRows } from '../../projections/kept/user-rows.js';
import type { Registry } from '../../projections/registry.js';
import { textFromSql } from '../../projections/sql-text.js';
import type { Reward } from '../../policies/reward.js';
import { tablesByUid } from '../forget-user.js';
import { PruneReader, type RecordedPrune } from '../tables/prunes.js';
import type { AppliedRecord } from '../../log/record-hash.js';
import { PendingAudit } from './pending-audit.js';
import { NO_ROW_COUNTS, RowCountAudit, type AuditedRowCounts } from './row-count-audit.js';
import { PartitionReader, type ReadProfile } from './partition-reader.js';
import { openStateForReading, type StateIdentity } from '../state-file.js';

export interface AuditedUser {
  readonly uid: number;
  readonly tips: number;
  readonly timeIndexed: boolean;
  /** The cached counts hold as of T for every afterMs < T <= untilMs. */
  readonly afterMs: number;
  readonly untilMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

export interface AuditedTip {
  readonly tipId: string;
  readonly served: number | null;
  readonly category: string | null;
  readonly done: number | null;
  readonly doneOffset: number | null;
  readonly dismiss: number | null;
  readonly snooze: number | null;
  readonly linked: boolean;
}

export interface AuditedDecision {
  readonly decisionId: string;
  readonly policy: string;
  readonly requestedAtMs: number;
  /** null: answered, and not yet read back from the log. */
  readonly offset: number | null;
  readonly rewardTipId: string | null;
  readonly reward: number | null;
  readonly record: string;
}

export interface AuditedControl {
  readonly controlId: string;
  readonly userId: string | null;
  readonly type: string;
  readonly effectiveAtMs: number;
  readonly offset: number;
  readonly record: string;
}

/** A decision that lost a serving to a prune. */
export interface AuditedClosing {
  readonly decisionId: string;
  /** null: nothing. */
  readonly earned: Reward | null;
  /** Of the serving that counted; null when there was none or it named none. */
  readonly promptVersion: string | null;
}

export interface AuditedLink {
  readonly decisionId: string;
  readonly tipId: string;
  readonly servedAtMs: number;
  readonly promptVersion: string | null;
}

type LinkRow = [decisionId: string, tipId: string, servedAt: number, promptVersion: string | Buffer | null];
type ClosingRow = [decisionId: string, rewardTipId: string | null, reward: number | null, promptVersion: string | Buffer | null];
type UserRow = [uid: number, tips: number, indexed: number, after: number, until: number, counters: string];
type TipRow = [
  tipId: string,
  served: number | null,
  category: string | Buffer | null,
  done: number | null,
  doneOffset: number | null,
  dismiss: number | null,
  snooze: number | null,
  linked: number,
];
type DecisionRow = [
  decisionId: string,
  policy: string,
  requestedAt: number,
  offset: number | null,
  rewardTipId: string | null,
  reward: number | null,
  record: string,
];

export class StateAudit {
  readonly path: string;
  /** What the file was made for. */
  readonly identity: StateIdentity;
  /** What it has answered, has pending and has counted. */
  readonly pending: PendingAudit;
  readonly #db: Database.Database;
  readonly #reader: PartitionReader;
  readonly #user: Database.Statement<[string], UserRow>;
  readonly #tips: Database.Statement<[number], TipRow>;
  readonly #times: Database.Statement<[number], [number, string]>;
  readonly #links: Database.Statement<[number], LinkRow>;
  readonly #decisions: Readonly<Record<'decision' | 'shadow_decision', Database.Statement<[number], DecisionRow>>>;
  readonly #closings: Database.Statement<[number], ClosingRow>;
  readonly #sums: Database.Statement<[number], [string, number, Buffer]>;
  /** undefined: the registry has no kinds of rows. */
  readonly #rowCounts: RowCountAudit | undefined;

  constructor(path: string, registry: Registry) {
    this.path = path;
    const db = openStateForReading(path, { featureSet: registry.featureSet, definitions: registry.definitions });
    this.#db = db;
    this.pending = new PendingAudit(db);
    this.#reader = new PartitionReader(path, registry, 'refuse', db);
    this.identity = this.#reader.identity;
    this.#user = db
      .prepare<[string], UserRow>('SELECT uid, tips, time_indexed, exact_after_ms, exact_until_ms, counters FROM user WHERE user_id = ?')
      .raw();
    this.#tips = db
      .prepare<[number], TipRow>(
        'SELECT tip_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, ' +
          'snooze_at_ms, linked FROM tip WHERE uid = ?',
      )
      .raw();
    this.#times = db.prepare<[number], [number, string]>('SELECT at_ms, tip_id FROM tip_time WHERE uid = ?').raw();
    this.#links = db
      .prepare<[number], LinkRow>('SELECT decision_id, tip_id, served_at_ms, prompt_version FROM decision_link WHERE uid = ?')
      .raw();
    const decisions = (table: string) =>
      db
        .prepare<[number], DecisionRow>(
          `SELECT decision_id, policy, requested_at_ms, scored_offset, reward_tip_id, reward, record FROM ${table} WHERE uid = ?`,
        )
        .raw();
    this.#decisions = { decision: decisions('decision'), shadow_decision: decisions('shadow_decision') };
    this.#closings = db
      .prepare<[number], ClosingRow>('SELECT decision_id, reward_tip_id, reward, prompt_version FROM closed_decision WHERE uid = ?')
      .raw();
    this.#sums = db.prepare<[number], [string, number, Buffer]>('SELECT policy, reset_at_ms, state FROM policy_state WHERE uid = ?').raw();
    this.#rowCounts = registry.kinds.length === 0 ? undefined : new RowCountAudit(db);
  }

  /** Fixes the snapshot; answers topic -> next offset, which all that is read from now on holds for. */
  begin(): Map<string, number> {
    this.#db.exec('BEGIN');
    return this.#reader.positions();
  }

  /** topic -> the record applied last. */
  lastApplied(): ReadonlyMap<string, AppliedRecord> {
    return this.#reader.lastApplied();
  }

  /** All users, in the order of their ids. */
  userIds(): IterableIterator<string> {
    return this.#db.prepare<[], string>('SELECT user_id FROM user ORDER BY user_id').pluck().iterate();
  }

  /** The profile as every reader gets it: from the cached counts where they hold, moved or computed anew where not. */
  profile(userId: string, asOfMs: number): ReadProfile | undefined {
    return this.#reader.profile(userId, asOfMs);
  }

  /** Throws SyntaxError for counts that are no JSON. */
  user(userId: string): AuditedUser | undefined {
    const row = this.#user.get(userId);
    if (row === undefined) return undefined;
    return { uid: row[0], tips: row[1], timeIndexed: row[2] === 1, afterMs: row[3], untilMs: row[4], counts: decodeCounters(row[5]) };
  }

  tips(uid: number): AuditedTip[] {
    return this.#tips.all(uid).map(([tipId, served, category, done, doneOffset, dismiss, snooze, linked]) => ({
      tipId,
      served,
      category: category === null ? null : textFromSql(category),
      done,
      doneOffset,
      dismiss,
      snooze,
      linked: linked === 1,
    }));
  }

  /** Of the registry's kinds. */
  rows(userId: string): UserRows {
    return this.#reader.rows(userId);
  }

  /** What is cached of the user's rows, of all kinds. Throws SyntaxError for counts that are no JSON. */
  rowCounts(uid: number): AuditedRowCounts {
    return this.#rowCounts?.of(uid) ?? NO_ROW_COUNTS;
  }

  /** The user's time index. */
  times(uid: number): { readonly atMs: number; readonly tipId: string }[] {
    return this.#times.all(uid).map(([atMs, tipId]) => ({ atMs, tipId }));
  }

  links(uid: number): AuditedLink[] {
    return this.#links.all(uid).map(([decisionId, tipId, servedAtMs, version]) => ({
      decisionId,
      tipId,
      servedAtMs,
      promptVersion: version === null ? null : textFromSql(version),
    }));
  }

  decisions(uid: number, table: 'decision' | 'shadow_decision'): AuditedDecision[] {
    return this.#decisions[table].all(uid).map(([decisionId, policy, requestedAtMs, offset, rewardTipId, reward, record]) => ({
      decisionId,
      policy,
      requestedAtMs,
      offset,
      rewardTipId,
      reward,
      record,
    }));
  }

  policyStates(uid: number): { readonly policy: string; readonly resetAtMs: number; readonly state: Buffer }[] {
    return this.#sums.all(uid).map(([policy, resetAtMs, state]) => ({ policy, resetAtMs, state }));
  }

  closings(uid: number): AuditedClosing[] {
    return this.#closings.all(uid).map(([decisionId, tipId, reward, version]) => ({
      decisionId,
      earned: tipId === null ? null : { tipId, reward: reward! },
      promptVersion: version === null ? null : textFromSql(version),
    }));
  }

  /** In the order in which they happened. */
  prunes(): RecordedPrune[] {
    return new PruneReader(this.#db).all();
  }

  /** The first as-of time for which profiles are exact, Unix ms; null: nothing was pruned. */
  exactFromMs(): number | null {
    return this.#reader.exactFromMs();
  }

  controls(): AuditedControl[] {
    return this.#db
      .prepare<[], AuditedControl>(
        `SELECT control_id AS controlId, user_id AS userId, type, effective_at_ms AS effectiveAtMs, log_offset AS "offset", record
         FROM control LEFT JOIN user USING (uid) ORDER BY control_id`,
      )
      .all();
  }

  /** Whether there is any decision, link or sum: most of a comparison can be left out where there is none. */
  hasDecisions(): boolean {
    return (
      this.#db
        .prepare<[], number>(
          'SELECT EXISTS (SELECT 1 FROM decision) OR EXISTS (SELECT 1 FROM shadow_decision) OR EXISTS (SELECT ' +
            '1 FROM decision_link) OR EXISTS (SELECT 1 FROM policy_state)',
        )
        .pluck()
        .get() === 1
    );
  }

  /** Whether the shadow has learned from anything. */
  shadowHasLearned(): boolean {
    return this.#db.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM shadow_decision WHERE reward IS NOT NULL)').pluck().get() === 1;
  }

  /** Rows that belong to a user who is not in the user table: table -> how many, where there are any. */
  ownerless(): Map<string, number> {
    // A reset can come before anything else of its user.
    const owned = tablesByUid(this.#db).filter((table) => table !== 'control');
    const counts = owned.map(
      (table) =>
        [
          table,
          this.#db.prepare<[], number>(`SELECT count(*) FROM ${table} WHERE uid NOT IN (SELECT uid FROM user)`).pluck().get()!,
        ] as const,
    );
    return new Map(counts.filter(([, count]) => count > 0));
  }

  close(): void {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    this.#db.close();
  }
}
