/** Everything one partition knows, behind one connection with one transaction at a time. The worker is its only writer. */
import type Database from 'better-sqlite3';
import type { FaultHook } from '../fault-points.js';
import type { Registry } from '../projections/registry.js';
import { userProfileFeaturesView } from '../projections/sql.js';
import { ChangedProfiles } from './tables/changed-profiles.js';
import { ClosedDecisionTable } from './tables/closed-decisions.js';
import { ControlTable } from './tables/controls.js';
import { DecisionTable, LinkTable } from './tables/decisions.js';
import { FileOwner } from './tables/file-owner.js';
import { removeRowsOf } from './forget-user.js';
import { ForgottenTable } from './tables/forgotten.js';
import { FoldOptions } from './tables/fold-options.js';
import { OutboxTable } from './tables/outbox.js';
import { PolicyStateTable } from './tables/policy-states.js';
import { PositionTable } from './tables/positions.js';
import { PruneTable } from './tables/prunes.js';
import { RowTables } from './tables/rows.js';
import { rowTables } from './tables/row-schema.js';
import { ShadowPendingTable } from './tables/shadow-pending.js';
import { scrubbed } from '../log/sqlite/scrubbed.js';
import { guarded, openStateForWriting, stateError, type MissingFile, type StateContents, type StateIdentity } from './state-file.js';
import { CountTable } from './tables/counts.js';
import { TipTable } from './tables/tips.js';
import { UserTable } from './tables/users.js';

/** Memory bounds per partition: users with their aggregates, and tips of those users. */
const CACHED_USERS = 8_192;
const CACHED_TIPS = 16_384;

/** The clock of the view that people read: Unix ms, on every SQLite that has STRICT tables. */
export const NOW_MS = "CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)";

const contentsOf = (registry: Registry): StateContents => ({
  view: userProfileFeaturesView(registry, NOW_MS),
  tables: rowTables(registry.kinds),
  definitions: registry.definitions,
});

/**
 * Makes the file, or checks the one that is there with all of its pages, and takes it over from whoever has it open. Whoever writes to it
 * opens it again, which throws the same.
 */
export function prepareState(path: string, identity: StateIdentity, registry: Registry): void {
  const db = openStateForWriting(path, identity, contentsOf(registry));
  try {
    guarded(path, () => new FileOwner(db));
  } finally {
    db.close();
  }
}

export class PartitionState {
  readonly path: string;
  readonly identity: StateIdentity;
  readonly positions: PositionTable;
  readonly users: UserTable;
  readonly tips: TipTable;
  /** Of the kinds of the registry. */
  readonly rows: RowTables;
  readonly decisions: DecisionTable;
  readonly shadowDecisions: DecisionTable;
  readonly links: LinkTable;
  readonly closedDecisions: ClosedDecisionTable;
  readonly prunes: PruneTable;
  readonly policyStates: PolicyStateTable;
  readonly controls: ControlTable;
  readonly outbox: OutboxTable;
  readonly shadowPending: ShadowPendingTable;
  readonly changedProfiles: ChangedProfiles;
  readonly counts: CountTable;
  readonly foldOptions: FoldOptions;
  readonly forgotten: ForgottenTable;
  readonly #db: Database.Database;
  readonly #owner: FileOwner;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;

  /** Throws what opening the file throws. */
  constructor(path: string, identity: StateIdentity, registry: Registry, missing: MissingFile = 'make') {
    this.path = path;
    this.identity = identity;
    const db = openStateForWriting(path, identity, contentsOf(registry), missing);
    this.#db = db;
    this.#owner = this.#takeOver();
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.positions = new PositionTable(db);
    this.users = new UserTable(db, registry.counterNames, CACHED_USERS);
    this.tips = new TipTable(db, CACHED_TIPS);
    this.rows = new RowTables(db, registry.kinds);
    this.decisions = new DecisionTable(db, 'decision');
    this.shadowDecisions = new DecisionTable(db, 'shadow_decision');
    this.links = new LinkTable(db);
    this.closedDecisions = new ClosedDecisionTable(db);
    this.prunes = new PruneTable(db);
    this.policyStates = new PolicyStateTable(db);
    this.controls = new ControlTable(db);
    this.outbox = new OutboxTable(db);
    this.shadowPending = new ShadowPendingTable(db);
    this.changedProfiles = new ChangedProfiles(db);
    this.counts = new CountTable(db);
    this.foldOptions = new FoldOptions(db);
    this.forgotten = new ForgottenTable(db);
  }

  /** Throws stale_owner when somebody else has opened the file for writing. */
  begin(): void {
    guarded(this.path, () => {
      this.#begin.run();
      try {
        this.#owner.check();
      } catch (error) {
        this.abandon();
        throw error;
      }
    });
  }

  /** Writes what memory holds of the batch, and commits. */
  commit(nowMs: number, at?: FaultHook): void {
    guarded(this.path, () => {
      this.users.sortChanged();
      this.tips.flush(this.users.changed);
      at?.('batch: tips written');
      this.rows.flush();
      this.users.flush(nowMs);
      at?.('batch: users written');
      this.counts.flush();
      this.changedProfiles.flush();
      at?.('batch: counts written');
      at?.('batch: before commit');
      this.#commit.run();
      at?.('batch: after commit');
      this.#bound();
    });
  }

  /** Leaves the file as it was before `begin`, and memory with it. Answers the error to report. */
  rollback(error: unknown): unknown {
    const reported = stateError(this.path, error);
    // What memory forgets is read from the file, which may be what has failed.
    guarded(this.path, () => {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      this.users.forget();
      this.tips.forgotten();
      this.rows.forget();
      this.counts.forget();
      this.controls.forget();
      this.forgotten.reload();
      this.shadowPending.recount();
      this.changedProfiles.recover();
    });
    return reported;
  }

  /**
   * Within a transaction: removes everything of the user with that digest, from the file and from memory. Answers the user's id; undefined:
   * the file has no such user.
   */
  forgetUser(digest: string): string | undefined {
    const user = this.users.withDigest(digest);
    removeRowsOf(this.#db, { user, digest });
    if (user !== undefined) {
      this.tips.dropLoaded(user);
      this.rows.drop(user.uid);
      this.users.remove(user);
      this.changedProfiles.remove(user);
      this.controls.forget();
    }
    this.shadowPending.recount();
    return user?.userId;
  }

  /**
   * Between transactions: writes the file anew, so that no free page and no gap within a page holds what was removed, and empties the
   * write-ahead log. false: a reader kept the write-ahead log from being emptied.
   */
  scrub(): boolean {
    return guarded(this.path, () => scrubbed(this.#db));
  }

  /** Whether the file or its disk failed, rather than whoever worked with it. */
  isFailureOfFile(error: unknown): boolean {
    return stateError(this.path, error) !== error;
  }

  /** One short transaction around `work`; rolled back when it throws. */
  transaction<T>(nowMs: number, work: () => T): T {
    this.begin();
    try {
      const result = work();
      this.commit(nowMs);
      return result;
    } catch (error) {
      throw this.rollback(error);
    }
  }

  /** Ends an open transaction without a trace; for an owner that stops in the middle of a batch and asks nothing any more. */
  abandon(): void {
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // A file that cannot even do that is left to close, and to the next opening, which undoes what was not committed.
    }
  }

  close(): void {
    this.abandon();
    this.#db.close();
  }

  #takeOver(): FileOwner {
    try {
      return guarded(this.path, () => new FileOwner(this.#db));
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  #bound(): void {
    this.users.trim();
    this.rows.trim();
    if (this.tips.crowded) {
      this.users.forgetTips();
      this.tips.forgotten();
    }
  }
}
