/** Reads rows of one kind and what is counted of them, from the writer's connection or a reader's. */
import type Database from 'better-sqlite3';
import { type Aggregate } from '../../projections/aggregate.js';
import { canMove, type CountedSource } from '../../projections/as-of.js';
import { NO_ROWS, type RowCounters } from '../../projections/registry.js';
import { decodeCounters, type ReadonlyCounters } from '../../projections/counters/counters.js';
import { countersOfNewest, type KindSet, rowsAt } from '../../projections/row-counts.js';
import { keyOf, type Row, timeOf } from '../../projections/row-kind.js';
import { NO_NUMBERS, settle, takeChanges } from '../../projections/counters/ordered.js';
import { storedCounters } from '../stored-counters.js';
import { OrderedNumberTable } from './ordered-numbers.js';
import { rowDecoder, type StoredRow } from './row-values.js';

export interface StoredAggregate {
  /** How many rows the user has. */
  readonly rows: number;
  readonly aggregate: Aggregate;
}

export class RowReader {
  readonly set: KindSet;
  readonly numbers: OrderedNumberTable;
  readonly #path: string;
  readonly #all: Database.Statement<[number], StoredRow>;
  readonly #decoded: (stored: StoredRow) => Row;
  readonly #aggregate: Database.Statement<[string, number], [rows: number, after: number, until: number, counters: string]>;
  readonly #index: TimeStatements | undefined;
  readonly #newest: NewestStatements | undefined;

  constructor(db: Database.Database, set: KindSet) {
    const { kind } = set;
    this.set = set;
    this.#path = db.name;
    this.#decoded = rowDecoder(kind);
    this.numbers = new OrderedNumberTable(db);
    const columns = kind.columns.map(([column]) => column).join(', ');
    this.#all = db.prepare<[number], StoredRow>(`SELECT ${columns} FROM ${kind.name} WHERE uid = ? ORDER BY ${kind.key.join(', ')}`);
    this.#aggregate = db
      .prepare<[string, number], [number, number, number, string]>(
        'SELECT rows, exact_after_ms, exact_until_ms, counters FROM row_aggregate WHERE kind = ? AND uid = ?',
      )
      .raw();
    if (kind.newestOf === undefined) this.#index = timeStatements(db, set, columns);
    else this.#newest = newestStatements(db, set, columns);
  }

  /** By key. */
  rows(uid: number): Row[] {
    return this.#all.all(uid).map(this.#decoded);
  }

  /** undefined: no row of the user has been counted. Always undefined of a kind with newestOf. */
  stored(uid: number): StoredAggregate | undefined {
    const found = this.#aggregate.get(this.set.kind.name, uid);
    if (found === undefined) return undefined;
    const [rows, afterMs, untilMs, counters] = found;
    const whose = () => `the user with uid ${uid}, of kind ${this.set.kind.name}`;
    return { rows, aggregate: { afterMs, untilMs, counters: storedCounters(this.#path, whose, counters, decodeCounters) } };
  }

  /** What is counted as of a time. `fromAggregate`: whether the stored aggregate may be the place to start from. */
  counters(uid: number, asOfMs: number, fromAggregate: boolean): ReadonlyCounters {
    if (this.#newest !== undefined) return countersOfNewest(this.set, this.newest(uid, asOfMs), asOfMs);
    const stored = fromAggregate ? this.stored(uid)?.aggregate : undefined;
    return this.countersFrom(uid, asOfMs, stored);
  }

  /** The same from a settled aggregate; of a kind without newestOf. */
  countersFrom(uid: number, asOfMs: number, from: Aggregate | undefined): ReadonlyCounters {
    return this.aggregateFrom(uid, asOfMs, from).counters;
  }

  /** With the times for which it holds, settled; `from` itself where that holds. */
  aggregateFrom(uid: number, asOfMs: number, from: Aggregate | undefined): Aggregate {
    const moved = rowsAt(this.set, asOfMs, this.source(uid), from);
    if (moved === from) return moved;
    const isMoved = from !== undefined && canMove(from, asOfMs);
    for (const { id } of this.set.ordered)
      settle(moved.counters, id, takeChanges(moved.counters, id), isMoved ? this.numbers.of(uid, id) : NO_NUMBERS);
    return moved;
  }

  /** Of a kind with newestOf: of each value of its column the newest row before a time. */
  *newest(uid: number, beforeMs: number): Generator<Row> {
    const { first, next, row } = this.#newest!;
    for (let value = first.get(uid)!; value !== null; value = next.get(uid, value)!) {
      const found = row.get(uid, value, beforeMs);
      if (found !== undefined) yield this.#decoded(found);
    }
  }

  source(uid: number): CountedSource<Row> {
    const { kind } = this.set;
    const decoded = this.#decoded;
    const { between, atOrAfter, before } = this.#index!;
    return {
      count: NaN, // with a time index nobody asks
      all: () => this.rows(uid),
      timeIndex: {
        *withTimeIn(fromMs, toMs) {
          for (const statement of between)
            for (const stored of statement.all(uid, fromMs, toMs)) {
              const counted = decoded(stored);
              yield { id: keyOf(kind, counted), counted };
            }
        },
        firstTimeAtOrAfter: (timeMs) =>
          nearest(
            atOrAfter.map((statement) => statement.get(uid, timeMs)!),
            Math.min,
          ),
        lastTimeBefore: (timeMs) =>
          nearest(
            before.map((statement) => statement.get(uid, timeMs)!),
            Math.max,
          ),
      },
    };
  }
}

interface TimeStatements {
  readonly between: readonly Database.Statement<[number, number, number], StoredRow>[];
  readonly atOrAfter: readonly Database.Statement<[number, number], number | null>[];
  readonly before: readonly Database.Statement<[number, number], number | null>[];
}

function timeStatements(db: Database.Database, { kind: { name, times } }: KindSet, columns: string): TimeStatements {
  return {
    between: times.map((time) => db.prepare(`SELECT ${columns} FROM ${name} WHERE uid = ? AND ${time} >= ? AND ${time} < ?`)),
    atOrAfter: times.map((time) =>
      db.prepare<[number, number], number | null>(`SELECT min(${time}) FROM ${name} WHERE uid = ? AND ${time} >= ?`).pluck(),
    ),
    before: times.map((time) =>
      db.prepare<[number, number], number | null>(`SELECT max(${time}) FROM ${name} WHERE uid = ? AND ${time} < ?`).pluck(),
    ),
  };
}

interface NewestStatements {
  readonly first: Database.Statement<[number], string | null>;
  readonly next: Database.Statement<[number, string], string | null>;
  readonly row: Database.Statement<[number, string, number], StoredRow>;
}

function newestStatements(db: Database.Database, { kind }: KindSet, columns: string): NewestStatements {
  const { name, newestOf } = kind;
  const time = timeOf(kind);
  return {
    first: db.prepare<[number], string | null>(`SELECT min(${newestOf}) FROM ${name} WHERE uid = ?`).pluck(),
    next: db.prepare<[number, string], string | null>(`SELECT min(${newestOf}) FROM ${name} WHERE uid = ? AND ${newestOf} > ?`).pluck(),
    row: db.prepare(`SELECT ${columns} FROM ${name} WHERE uid = ? AND ${newestOf} = ? AND ${time} < ? ORDER BY ${time} DESC LIMIT 1`),
  };
}

function nearest(times: readonly (number | null)[], choose: (...times: number[]) => number): number | null {
  const found = times.filter((time) => time !== null);
  return found.length === 0 ? null : choose(...found);
}

/** What readers ask of all kinds at once. */
export class RowReaders {
  readonly kinds: readonly RowReader[];

  constructor(db: Database.Database, kinds: readonly KindSet[]) {
    this.kinds = kinds.map((set) => new RowReader(db, set));
  }

  /** Of all kinds together. */
  counters(uid: number, asOfMs: number, fromAggregate: boolean): ReadonlyCounters {
    return merged(this.kinds.map((kind) => kind.counters(uid, asOfMs, fromAggregate)));
  }
}

/** Ids of families are unique, so no two have a name in common. */
export function merged(counters: readonly RowCounters[]): RowCounters {
  const [first = NO_ROWS, ...others] = counters;
  return others.length === 0 ? first : new Map(counters.flatMap((one) => [...one]));
}
