/** Counters of the rows of one kind, as of a time: an aggregate as of tips, or of a kind with newestOf its newest rows. */
import { type Aggregate, contribute, narrowToTime, nearestExact } from './aggregate.js';
import { CounterMap, type ReadonlyCounters } from './counters/counters.js';
import { countedAt, type CountedSource } from './as-of.js';
import { type CounterSet, SAMPLE_MS, tryFamily } from './counter.js';
import { type Row, type RowFamily, type RowKind, timeOf } from './row-kind.js';
import { NO_NUMBERS, settle, takeChanges } from './counters/ordered.js';

/** The families of a registry that count rows of one kind. */
export interface KindSet extends CounterSet<Row> {
  readonly kind: RowKind;
  readonly counters: readonly RowFamily[];
  /** Those of them that are ordered. */
  readonly ordered: readonly RowFamily[];
}

export function kindSetOf(kind: RowKind, counters: readonly RowFamily[]): KindSet {
  const windows = counters.map(({ windowMs }) => windowMs).filter((windowMs) => windowMs !== null);
  return {
    kind,
    counters,
    ordered: counters.filter(({ ordered }) => ordered === true),
    windowsMs: [...new Set(windows)].sort((a, b) => a - b),
  };
}

/** As applyTipChange. undefined: no row. */
export function applyRowChange(set: KindSet, aggregate: Aggregate, before: Row | undefined, after: Row | undefined, nowMs: number): void {
  const asOfMs = nearestExact(aggregate, nowMs);
  if (after !== undefined) contribute(set, aggregate.counters, after, asOfMs, 1);
  if (before !== undefined) contribute(set, aggregate.counters, before, asOfMs, -1);
  if (after !== undefined) narrowToRow(set, aggregate, after, asOfMs);
}

/** As aggregateAt. Numbers of ordered families are counters like any other until they are settled. */
export function rowsAt(set: KindSet, asOfMs: number, rows: CountedSource<Row>, from?: Aggregate): Aggregate {
  return countedAt(set, narrowToRow as never, asOfMs, rows, from);
}

function narrowToRow(set: KindSet, aggregate: Aggregate, row: Row, asOfMs: number): void {
  for (const column of set.kind.times) narrowToTime(set, aggregate, row[column] as number, asOfMs);
}

/** Of a user's rows in memory, ready to be read. */
export function countersOf(set: KindSet, rows: Iterable<Row>, asOfMs: number): ReadonlyCounters {
  if (set.kind.newestOf !== undefined) return countersOfNewest(set, newestOf(set.kind, rows, asOfMs), asOfMs);
  const all = [...rows];
  const { counters } = rowsAt(set, asOfMs, { count: all.length, all: () => all });
  for (const { id } of set.ordered) settle(counters, id, takeChanges(counters, id), NO_NUMBERS);
  return counters;
}

/** `newest`: one row of each value of the column. */
export function countersOfNewest(set: KindSet, newest: Iterable<Row>, asOfMs: number): ReadonlyCounters {
  const counters = new CounterMap();
  for (const row of newest) contribute(set, counters, row, asOfMs, 1);
  return counters;
}

/** Of each value of the kind's column the newest row before `beforeMs`. */
export function newestOf(kind: RowKind, rows: Iterable<Row>, beforeMs: number): Iterable<Row> {
  const time = timeOf(kind);
  const newest = new Map<Row[string], Row>();
  for (const row of rows) {
    const value = row[kind.newestOf!]!;
    const best = newest.get(value);
    if ((row[time] as number) < beforeMs && (best === undefined || (row[time] as number) > (best[time] as number))) newest.set(value, row);
  }
  return newest.values();
}

/** As assertKeepsPromises, for a family of rows. */
export function assertRowsKeepPromises(family: RowFamily): void {
  tryFamily(family, family.of.samples(SAMPLE_MS), family.of.name);
}
