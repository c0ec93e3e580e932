/**
 * A state file as a comparison of two generations reads it: one snapshot, users in the order of their ids, their profiles as of one
 * time and the rows behind them. A file that was folded with other feature definitions answers with the profiles of those.
 */
import type Database from 'better-sqlite3';
import type { Registry } from '../../projections/registry.js';
import type { FeatureValues } from '../../projections/feature.js';
import { PreviousProfiles } from './previous-profiles.js';
import { FoldOptions } from '../tables/fold-options.js';
import { PositionTable } from '../tables/positions.js';
import type { AppliedRecord } from '../../log/record-hash.js';
import { PruneReader, type RecordedPrune } from '../tables/prunes.js';
import { PendingAudit } from '../queries/pending-audit.js';
import { PartitionReader, type ReadProfile } from '../queries/partition-reader.js';
import { guarded, openStateForReading, readIdentity } from '../state-file.js';

/** Values of a row, in the order of its columns. */
export type ComparedRow = readonly (number | string | Buffer | null)[];

export interface ComparedUser {
  readonly userId: string;
  readonly uid: number;
  /** As of the time asked about; null for a user who is not known then. */
  readonly features: FeatureValues | null;
}

export interface ComparedSums {
  readonly policy: string;
  readonly resetAtMs: number;
  readonly state: Buffer;
}

/** A decision that was read from the log and has a reward. */
export interface ComparedExample {
  readonly requestedAtMs: number;
  readonly rewardTipId: string;
  readonly reward: number;
  readonly record: string;
}

/** The id that orders them comes first. */
const ROWS = {
  tips:
    'SELECT tip_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, ' +
    'snooze_at_ms, linked FROM tip WHERE uid = ? ORDER BY tip_id',
  decisions:
    'SELECT decision_id, policy, requested_at_ms, scored_offset, reward_tip_id, reward, record FROM decision ' +
    'WHERE uid = ? AND scored_offset IS NOT NULL ORDER BY decision_id',
  shadow_decisions:
    'SELECT decision_id, policy, requested_at_ms, scored_offset, reward_tip_id, reward, record ' +
    'FROM shadow_decision WHERE uid = ? ORDER BY decision_id',
} as const;
export type ComparedRows = keyof typeof ROWS;
export const COMPARED_ROWS = Object.keys(ROWS) as ComparedRows[];

const USERS_AT_ONCE = 500;

/** Of the registry's kinds, those whose columns the file has too; their key comes first. kind -> statement */
function rowStatements(db: Database.Database, { kinds }: Registry): Map<string, Database.Statement<[number], ComparedRow>> {
  const columnsOf = db.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck();
  const statements = new Map<string, Database.Statement<[number], ComparedRow>>();
  for (const { kind } of kinds) {
    const there = new Set(columnsOf.all(kind.name));
    const columns = kind.columns.map(([column]) => column);
    if (!columns.every((column) => there.has(column))) continue;
    const key = kind.key.join(', ');
    const sql = `SELECT json_array(${key}), ${columns.join(', ')} FROM ${kind.name} WHERE uid = ? ORDER BY ${key}`;
    statements.set(kind.name, db.prepare<[number], ComparedRow>(sql).raw());
  }
  return statements;
}

export class ComparableState {
  readonly path: string;
  /** Folded with these definitions: two files of different ones have different profiles of the same events. */
  readonly featureSet: string;
  /** What it has answered, has pending and has counted. */
  readonly pending: PendingAudit;
  readonly #db: Database.Database;
  readonly #profiles: PartitionReader | PreviousProfiles;
  readonly #uid: Database.Statement<[string], number>;
  readonly #rows: Readonly<Record<ComparedRows, Database.Statement<[number], ComparedRow>>>;
  readonly #kinds: ReadonlyMap<string, Database.Statement<[number], ComparedRow>>;
  readonly #sums: Database.Statement<[number], [string, number, Buffer]>;
  readonly #examples: readonly Database.Statement<[number, string, number], [number, string, number, string]>[];

  /** Throws what opening throws. */
  constructor(path: string, registry: Registry) {
    this.path = path;
    const db = openStateForReading(path);
    this.#db = db;
    try {
      this.pending = new PendingAudit(db);
      this.featureSet = readIdentity(db).featureSet;
      this.#profiles =
        this.featureSet === registry.featureSet ? new PartitionReader(path, registry, 'refuse', db) : new PreviousProfiles(path, db);
      this.#uid = db.prepare<[string], number>('SELECT uid FROM user WHERE user_id = ?').pluck();
      const rows = (name: ComparedRows) => db.prepare<[number], ComparedRow>(ROWS[name]).raw();
      this.#rows = { tips: rows('tips'), decisions: rows('decisions'), shadow_decisions: rows('shadow_decisions') };
      this.#kinds = rowStatements(db, registry);
      this.#sums = db
        .prepare<[number], [string, number, Buffer]>('SELECT policy, reset_at_ms, state FROM policy_state WHERE uid = ?')
        .raw();
      this.#examples = ['decision', 'shadow_decision'].map((table) =>
        db
          .prepare<[number, string, number], [number, string, number, string]>(
            `SELECT requested_at_ms, reward_tip_id, reward, record FROM ${table} WHERE uid = ? AND policy ` +
              '= ? AND requested_at_ms >= ? AND reward IS NOT NULL',
          )
          .raw(),
      );
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Fixes the snapshot; answers topic -> next offset, which all that is read from now on holds for. */
  begin(): Map<string, number> {
    return guarded(this.path, () => {
      this.#db.exec('BEGIN');
      return new PositionTable(this.#db).all();
    });
  }

  /** topic -> the first offset whose rejection would be news. */
  deadLetteredTo(): Map<string, number> {
    return guarded(this.path, () => new PositionTable(this.#db).deadLetteredTo());
  }

  /** topic -> the record applied last. */
  lastApplied(): Map<string, AppliedRecord> {
    return guarded(this.path, () => new PositionTable(this.#db).lastApplied());
  }

  /** Whether the shadow learned where no control said so; undefined: nothing was folded that depends on it. */
  shadowLearning(): boolean | undefined {
    const found = guarded(this.path, () => new FoldOptions(this.#db).get('shadow_learning'));
    return found === undefined ? undefined : found === 'true';
  }

  /** Oldest first. */
  prunes(): RecordedPrune[] {
    return guarded(this.path, () => new PruneReader(this.#db).all());
  }

  userCount(): number {
    return guarded(this.path, () => this.#db.prepare<[], number>('SELECT count(*) FROM user').pluck().get()!);
  }

  /** Every user, by id. */
  *users(asOfMs: number): Generator<ComparedUser, undefined> {
    for (let after = ''; ; ) {
      const found: ReadProfile[] = guarded(this.path, () => this.#profiles.profilesAfter(after, USERS_AT_ONCE, asOfMs));
      if (found.length === 0) return undefined;
      for (const { userId, known, features } of found) yield { userId, uid: this.#uid.get(userId)!, features: known ? features : null };
      after = found.at(-1)!.userId;
    }
  }

  /** Of one user, ascending by id. */
  rows(name: ComparedRows, uid: number): ComparedRow[] {
    return guarded(this.path, () => this.#rows[name].all(uid));
  }

  /** Names of the registry's kinds of rows, as far as the file has them. */
  get kinds(): string[] {
    return [...this.#kinds.keys()];
  }

  /** Of one user, ascending by key, which comes first. */
  kindRows(kind: string, uid: number): ComparedRow[] {
    return guarded(this.path, () => this.#kinds.get(kind)!.all(uid));
  }

  sums(uid: number): ComparedSums[] {
    return guarded(this.path, () => this.#sums.all(uid).map(([policy, resetAtMs, state]) => ({ policy, resetAtMs, state })));
  }

  /** What the sums of `policy` consist of when they begin at `sinceMs`. */
  examples(uid: number, policy: string, sinceMs: number): ComparedExample[] {
    return guarded(this.path, () =>
      this.#examples.flatMap((statement) =>
        statement
          .all(uid, policy, sinceMs)
          .map(([requestedAtMs, rewardTipId, reward, record]) => ({ requestedAtMs, rewardTipId, reward, record })),
      ),
    );
  }

  close(): void {
    if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    this.#db.close();
  }
}
