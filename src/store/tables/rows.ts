/** The rows of one kind, with what is counted of them, as the partition's writer changes them. */
import type Database from 'better-sqlite3';
import { type Aggregate, createAggregate, isExactAt } from '../../projections/aggregate.js';
import type { ReadonlyCounters } from '../../projections/counters/counters.js';
import { canMove } from '../../projections/as-of.js';
import { applyRowChange, type KindSet, rowsAt } from '../../projections/row-counts.js';
import { type Row, type RowKind } from '../../projections/row-kind.js';
import { settle, takeChanges } from '../../projections/counters/ordered.js';
import { prunedRows } from '../../projections/kept/staged-rows.js';
import { merged, RowReader } from './row-reader.js';
import { rowDecoder, rowEncoder, type StoredRow } from './row-values.js';

/** The aggregate of a user as the batch under way has it. */
interface Entry {
  readonly uid: number;
  rows: number;
  aggregate: Aggregate;
  dirty: boolean;
}

/** Users whose aggregates stay in memory between batches. */
const CACHED_USERS = 1_024;

export class RowTable {
  readonly set: KindSet;
  readonly #reading: RowReader;
  readonly #get: Database.Statement<[readonly unknown[]], StoredRow>;
  readonly #decoded: (stored: StoredRow) => Row;
  readonly #encoded: (row: Row) => unknown[];
  readonly #put: Database.Statement<[readonly unknown[]]>;
  readonly #delete: Database.Statement<[readonly unknown[]]>;
  readonly #deleteAll: Database.Statement<[number]>;
  readonly #write: Database.Statement;
  readonly #forgetAggregate: Database.Statement<[string, number]>;
  readonly #newestTime: Database.Statement<[number, number], number | null>;
  readonly #oldestTime: Database.Statement<[number, number], number | null>;
  readonly #cached = new Map<number, Entry>();

  constructor(db: Database.Database, set: KindSet) {
    this.set = set;
    this.#reading = new RowReader(db, set);
    this.#decoded = rowDecoder(set.kind);
    this.#encoded = rowEncoder(set.kind);
    const { name, key, columns, times } = set.kind;
    const names = columns.map(([column]) => column);
    const where = `WHERE uid = ? AND ${key.map((column) => `${column} = ?`).join(' AND ')}`;
    this.#get = db.prepare(`SELECT ${names.join(', ')} FROM ${name} ${where}`);
    this.#put = db.prepare(`INSERT OR REPLACE INTO ${name} (uid, ${names.join(', ')}) VALUES (?${', ?'.repeat(names.length)})`);
    this.#delete = db.prepare(`DELETE FROM ${name} ${where}`);
    this.#deleteAll = db.prepare<[number]>(`DELETE FROM ${name} WHERE uid = ?`);
    this.#write = db.prepare(
      'INSERT OR REPLACE INTO row_aggregate (kind, uid, rows, exact_after_ms, exact_until_ms, counters) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#forgetAggregate = db.prepare('DELETE FROM row_aggregate WHERE kind = ? AND uid = ?');
    const last = times.length === 1 ? times[0]! : `max(${times.join(', ')})`;
    this.#newestTime = db.prepare<[number, number], number | null>(`SELECT max(${last}) FROM ${name} WHERE uid > ? AND uid <= ?`).pluck();
    this.#oldestTime = db.prepare<[number, number], number | null>(`SELECT min(${last}) FROM ${name} WHERE uid > ? AND uid <= ?`).pluck();
  }

  get kind(): RowKind {
    return this.set.kind;
  }

  /** Within a transaction. Answers whether the row that the event makes changed anything. */
  add(uid: number, row: Row, nowMs: number): boolean {
    const stored = this.#get.get([uid, ...this.kind.key.map((column) => row[column])]);
    const before = stored === undefined ? undefined : this.#decoded(stored);
    const after = before === undefined ? row : this.kind.join(before, row);
    if (after === before) return false;
    this.#put.run([uid, ...this.#encoded(after)]);
    this.#change(uid, before, after, nowMs);
    return true;
  }

  /** Within a transaction. */
  counters(uid: number, asOfMs: number, nowMs: number): ReadonlyCounters {
    if (this.kind.newestOf !== undefined) return this.#reading.counters(uid, asOfMs, false);
    const entry = this.#entry(uid);
    this.#settle(entry);
    if (isExactAt(entry.aggregate, asOfMs)) return entry.aggregate.counters;
    // An aggregate is kept where it was moved to, unless that is in the future: folding and reading never leave one past now.
    if (asOfMs > nowMs) return this.#reading.countersFrom(uid, asOfMs, entry.aggregate);
    if (!canMove(entry.aggregate, asOfMs)) for (const { id } of this.set.ordered) this.#reading.numbers.clear(uid, id);
    entry.aggregate = rowsAt(this.set, asOfMs, this.#reading.source(uid), entry.aggregate);
    entry.dirty = true;
    this.#settle(entry);
    return entry.aggregate.counters;
  }

  /** Between transactions: computed and discarded. */
  countersSeen(uid: number, asOfMs: number): ReadonlyCounters {
    return this.#reading.counters(uid, asOfMs, true);
  }

  rows(uid: number): Row[] {
    return this.#reading.rows(uid);
  }

  /** Of the last times of all rows of the users with uids in (afterUid, toUid] the newest and the oldest; undefined: they have none. */
  lastTimes(afterUid: number, toUid: number): { readonly newestMs: number; readonly oldestMs: number } | undefined {
    const newestMs = this.#newestTime.get(afterUid, toUid)!;
    return newestMs === null ? undefined : { newestMs, oldestMs: this.#oldestTime.get(afterUid, toUid)! };
  }

  /** Within a transaction: what a prune takes of the user's rows goes. Answers how many went. */
  prune(uid: number, horizonMs: number, nowMs: number): number {
    const old = prunedRows(this.kind, this.rows(uid), horizonMs);
    for (const row of old) {
      this.#delete.run([uid, ...this.kind.key.map((column) => row[column])]);
      this.#change(uid, row, undefined, nowMs);
    }
    return old.length;
  }

  /** Within a transaction: the user has these rows and no others. */
  replace(uid: number, rows: Iterable<Row>, nowMs: number): void {
    this.#deleteAll.run(uid);
    this.#forgetAggregate.run(this.kind.name, uid);
    for (const { id } of this.set.ordered) this.#reading.numbers.clear(uid, id);
    this.#cached.set(uid, { uid, rows: 0, aggregate: createAggregate(), dirty: true });
    for (const row of rows) this.add(uid, row, nowMs);
  }

  /** Before a commit. */
  flush(): void {
    for (const entry of this.#cached.values()) {
      if (!entry.dirty) continue;
      this.#settle(entry);
      const { uid, rows, aggregate } = entry;
      if (rows === 0) this.#forgetAggregate.run(this.kind.name, uid);
      else this.#write.run(this.kind.name, uid, rows, aggregate.afterMs, aggregate.untilMs, aggregate.counters.encode());
      entry.dirty = false;
    }
  }

  /** Between batches. */
  trim(): void {
    if (this.#cached.size > CACHED_USERS) this.#cached.clear();
  }

  /** After a rollback: memory may be ahead of the file. */
  forget(): void {
    this.#cached.clear();
  }

  /** Of a user whose rows are gone. */
  drop(uid: number): void {
    this.#cached.delete(uid);
  }

  #change(uid: number, before: Row | undefined, after: Row | undefined, nowMs: number): void {
    if (this.kind.newestOf !== undefined) return;
    const entry = this.#entry(uid);
    if (before === undefined) entry.rows++;
    if (after === undefined) entry.rows--;
    applyRowChange(this.set, entry.aggregate, before, after, nowMs);
    entry.dirty = true;
  }

  #entry(uid: number): Entry {
    const cached = this.#cached.get(uid);
    if (cached !== undefined) return cached;
    const stored = this.#reading.stored(uid);
    const entry = { uid, rows: stored?.rows ?? 0, aggregate: stored?.aggregate ?? createAggregate(), dirty: false };
    this.#cached.set(uid, entry);
    return entry;
  }

  /** What has come and gone of ordered families goes to its table. */
  #settle({ uid, aggregate: { counters } }: Entry): void {
    const { numbers } = this.#reading;
    for (const { id } of this.set.ordered) {
      const changes = takeChanges(counters, id);
      settle(counters, id, changes, numbers.of(uid, id));
      numbers.change(uid, id, changes);
    }
  }
}

/** The rows of all kinds. */
export class RowTables {
  readonly kinds: readonly RowTable[];

  constructor(db: Database.Database, kinds: readonly KindSet[]) {
    this.kinds = kinds.map((set) => new RowTable(db, set));
  }

  /** As RowTable.counters, of all kinds together. */
  counters(uid: number, asOfMs: number, nowMs: number): ReadonlyCounters {
    return merged(this.kinds.map((kind) => kind.counters(uid, asOfMs, nowMs)));
  }

  countersSeen(uid: number, asOfMs: number): ReadonlyCounters {
    return merged(this.kinds.map((kind) => kind.countersSeen(uid, asOfMs)));
  }

  flush(): void {
    for (const kind of this.kinds) kind.flush();
  }

  /** Of a user whose rows are gone. */
  drop(uid: number): void {
    for (const kind of this.kinds) kind.drop(uid);
  }

  trim(): void {
    for (const kind of this.kinds) kind.trim();
  }

  forget(): void {
    for (const kind of this.kinds) kind.forget();
  }
}
