/**
 * Reads state files beside their writer, from its own or another process: each answer comes from one snapshot of one file, and
 * says at which positions it holds.
 */
import type Database from 'better-sqlite3';
import { isKnown, type Aggregate } from '../../projections/aggregate.js';
import { type Counters, decodeCounters } from '../../projections/counters/counters.js';
import { aggregateAt, type TipSource } from '../../projections/as-of.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { UserRows } from '../../projections/kept/user-rows.js';
import type { Registry } from '../../projections/registry.js';
import type { TipState } from '../../projections/tip.js';
import { PruneReader, type RecordedPrune } from '../tables/prunes.js';
import type { AppliedRecord } from '../../log/record-hash.js';
import { guarded, openStateForReading, readIdentity, type StateIdentity } from '../state-file.js';
import { storedCounters } from '../stored-counters.js';
import { RowReaders } from '../tables/row-reader.js';
import { TipReader } from '../tables/tips.js';
import { ProfileSweep } from '../join/profile-sweep.js';
import { sweepRows } from '../join/row-sweep.js';

type UserRow = [uid: number, userId: string, tips: number, indexed: number, after: number, until: number, counters: string];
const USER_COLUMNS = 'uid, user_id, tips, time_indexed, exact_after_ms, exact_until_ms, counters';

export interface ReadProfile {
  readonly userId: string;
  /** Whether any kept time lies in the window. */
  readonly known: boolean;
  readonly features: FeatureValues;
}

export interface ReadDecision {
  readonly decision_id: string;
  readonly user_id: string;
  readonly record: string;
  readonly shadow_record: string | null;
}

/** What is kept of tips does not depend on features, so any features can be computed from it. */
export type OtherFeatures = 'refuse' | 'recompute';

export class PartitionReader {
  readonly path: string;
  /** What the file was made for. */
  readonly identity: StateIdentity;
  readonly #db: Database.Database;
  readonly #registry: Registry;
  /** Whether stored aggregates are of this registry. */
  readonly #foldedWithIt: boolean;
  readonly #tips: TipReader;
  readonly #rows: RowReaders;
  readonly #prunes: PruneReader;
  readonly #user: Database.Statement<[string], UserRow>;
  readonly #usersAfter: Database.Statement<[string, number], UserRow>;
  readonly #positions: Database.Statement<[], [string, number]>;
  readonly #lastApplied: Database.Statement<[], [string, number, string]>;
  readonly #sharedControls: Database.Statement<[], [string, string]>;
  readonly #hasControl: Database.Statement<[string], 1>;
  readonly #newest: Database.Statement<[number], ReadDecision>;

  /**
   * A file that was folded with other features is refused, or with `recompute` read tip by tip. `db` is an open connection to share,
   * whose snapshot then holds for this reader too.
   */
  constructor(
    path: string,
    registry: Registry,
    otherFeatures: OtherFeatures = 'refuse',
    db: Database.Database = openStateForReading(
      path,
      otherFeatures === 'refuse' ? { featureSet: registry.featureSet, definitions: registry.definitions } : {},
    ),
  ) {
    this.path = path;
    this.#registry = registry;
    this.#db = db;
    this.identity = readIdentity(this.#db);
    this.#foldedWithIt = this.identity.featureSet === registry.featureSet;
    this.#tips = new TipReader(this.#db);
    this.#rows = new RowReaders(this.#db, registry.kinds);
    this.#prunes = new PruneReader(this.#db);
    this.#user = this.#db.prepare<[string], UserRow>(`SELECT ${USER_COLUMNS} FROM user WHERE user_id = ?`).raw();
    this.#usersAfter = this.#db
      .prepare<[string, number], UserRow>(`SELECT ${USER_COLUMNS} FROM user WHERE user_id > ? ORDER BY user_id LIMIT ?`)
      .raw();
    this.#positions = this.#db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw();
    this.#lastApplied = this.#db
      .prepare<[], [string, number, string]>('SELECT topic, last_offset, last_hash FROM position WHERE last_offset IS NOT NULL')
      .raw();
    this.#sharedControls = this.#db.prepare<[], [string, string]>('SELECT control_id, record FROM control WHERE uid IS NULL').raw();
    this.#hasControl = this.#db.prepare<[string], 1>('SELECT 1 FROM control WHERE control_id = ?').pluck();
    this.#newest = this.#db.prepare<[number], ReadDecision>(
      `SELECT decision.decision_id, user.user_id, decision.record, shadow_decision.record AS shadow_record
       FROM decision JOIN user ON user.uid = decision.uid
       LEFT JOIN shadow_decision ON shadow_decision.uid = decision.uid AND shadow_decision.decision_id = decision.decision_id
       ORDER BY decision.decision_key DESC LIMIT ?`,
    );
  }

  /** Runs `read` against one snapshot of the file. */
  snapshot<T>(read: () => T): T {
    return guarded(this.path, () => this.#db.transaction(read)());
  }

  /**
   * From here on every answer comes from the file as it is now, until the reader is closed. Not for long: the writer's log grows
   * meanwhile.
   */
  hold(): void {
    guarded(this.path, () => {
      this.#db.exec('BEGIN');
      this.#positions.all();
    });
  }

  positions(): Map<string, number> {
    return guarded(this.path, () => new Map(this.#positions.all()));
  }

  /** Whether any event of this user has been applied. */
  has(userId: string): boolean {
    return this.#user.get(userId) !== undefined;
  }

  /** The prunes that the file went through, oldest first. */
  prunes(): RecordedPrune[] {
    return guarded(this.path, () => this.#prunes.all());
  }

  /**
   * The first as-of time for which profiles are exact, Unix ms; before it everything here that computes profiles throws as_of_pruned.
   * null: nothing was pruned.
   */
  exactFromMs(): number | null {
    return this.#prunes.exactFromMs();
  }

  /** topic -> the record applied last; topics of which none was are left out. */
  lastApplied(): Map<string, AppliedRecord> {
    return guarded(this.path, () => new Map(this.#lastApplied.all().map(([topic, offset, hash]) => [topic, { offset, hash }])));
  }

  /** undefined: no event of this user has been applied. */
  profile(userId: string, asOfMs: number): ReadProfile | undefined {
    this.#prunes.checkAsOf(asOfMs);
    const row = this.#user.get(userId);
    return row === undefined ? undefined : this.#read(row, asOfMs, this.#foldedWithIt);
  }

  /** The profile at many times, ascending. undefined: no event of this user has been applied. */
  sweep(userId: string): ProfileSweep | undefined {
    const row = this.#user.get(userId);
    return row === undefined ? undefined : this.#sweepOf(row);
  }

  /** As profilesAfter, each for many times. */
  sweepsAfter(userId: string, limit: number): ProfileSweep[] {
    return this.#usersAfter.all(userId, limit).map((row) => this.#sweepOf(row));
  }

  /** As `profile`, from the user's tips and rows alone: the same unless the file has been tampered with. */
  profileFromTips(userId: string, asOfMs: number): ReadProfile | undefined {
    this.#prunes.checkAsOf(asOfMs);
    const row = this.#user.get(userId);
    return row === undefined ? undefined : this.#read(row, asOfMs, false);
  }

  /** tip_id -> what is kept of it; empty for a user of whom nothing is. */
  tips(userId: string): Map<string, TipState> {
    const row = this.#user.get(userId);
    return new Map(row === undefined ? [] : [...this.#tips.tipsOf(row[0])].map(({ tipId, tip }) => [tipId, tip]));
  }

  /** Of the registry's kinds; empty for a user of whom nothing is kept. */
  rows(userId: string): UserRows {
    const row = this.#user.get(userId);
    return new Map(row === undefined ? [] : this.#rows.kinds.map((kind) => [kind.set.kind.name, kind.rows(row[0])]));
  }

  /** Up to `limit` users whose ids come after `userId` by code point, in that order; the last id read is where to go on. */
  profilesAfter(userId: string, limit: number, asOfMs: number): ReadProfile[] {
    this.#prunes.checkAsOf(asOfMs);
    return this.#usersAfter.all(userId, limit).map((row) => this.#read(row, asOfMs, this.#foldedWithIt));
  }

  /** The decisions last answered or read, newest first. */
  newestDecisions(limit: number): ReadDecision[] {
    return guarded(this.path, () => this.#newest.all(limit));
  }

  /** [control_id, record] of what was folded as a control for everybody, also where this version would refuse it. */
  sharedControls(): [controlId: string, record: string][] {
    return guarded(this.path, () => this.#sharedControls.all());
  }

  /** Whether a control of that id was folded, of whomever it is: another record with the id changes nothing. */
  hasControl(controlId: string): boolean {
    return guarded(this.path, () => this.#hasControl.get(controlId) === 1);
  }

  close(): void {
    this.#db.close();
  }

  #sweepOf(row: UserRow): ProfileSweep {
    const stored = this.#foldedWithIt ? storedAggregate(this.path, row) : undefined;
    return new ProfileSweep(row[1], this.#registry, this.#tipsOf(row), stored, {
      check: (asOfMs) => this.#prunes.checkAsOf(asOfMs),
      rows: sweepRows(this.#rows.kinds, row[0], this.#foldedWithIt),
    });
  }

  #tipsOf([uid, , tips, indexed]: UserRow): TipSource {
    return this.#tips.source(uid, tips, indexed === 1);
  }

  #read(row: UserRow, asOfMs: number, fromAggregate: boolean): ReadProfile {
    const [uid, userId] = row;
    const aggregate = aggregateAt(this.#registry, asOfMs, this.#tipsOf(row), fromAggregate ? storedAggregate(this.path, row) : undefined);
    const rows = this.#rows.counters(uid, asOfMs, fromAggregate);
    return { userId, known: isKnown(aggregate), features: this.#registry.values(aggregate, asOfMs, rows) };
  }
}

function storedAggregate(path: string, [, userId, , , afterMs, untilMs, counters]: UserRow): Aggregate {
  let decoded: Counters | undefined;
  return {
    afterMs,
    untilMs,
    /** Most are asked for another time than that for which they are stored. */
    get counters() {
      return (decoded ??= storedCounters(path, () => `the user ${JSON.stringify(userId)}`, counters, decodeCounters));
    },
  };
}
