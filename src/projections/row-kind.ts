/**
 * A row kind: what is kept of the events of some topics besides tips. A row belongs to a user and is known by its key; of several events
 * with one key it keeps what `join` says, which must be commutative, associative and idempotent, so that order, duplicates and replays
 * cannot change the result.
 *
 * Everything else follows from the kind: its table, as-of, prune, comparison, views. A registry has the kinds that its features'
 * families name, and consumes their topics.
 */
import type { AddToCounter } from './counter.js';
import type { ConsumedTopic } from '../topics.js';

export type RowValue = number | string | null;
/** By column. Times are Unix milliseconds. */
export type Row = Readonly<Record<string, RowValue>>;

export interface RowKind<R extends Row = Row> {
  /** Of its table and of its view: lower-case letters, digits and underscores. */
  readonly name: string;
  /** The topics whose events become rows of it. */
  readonly topics: readonly ConsumedTopic[];
  /** Columns that tell a row from the user's others; they come first among the columns. */
  readonly key: readonly string[];
  /** [name, type in SQL, with NOT NULL where it always has a value]. ANY: text that UTF-8 may not be able to hold (sql-text.ts). */
  readonly columns: readonly (readonly [name: string, type: string])[];
  /** Columns that hold when something happened. Features may count a row differently on the two sides of each of them. */
  readonly times: readonly string[];
  /**
   * A column of the key, the last but the time: of rows with the same value in it, features as of T are shown the newest before T alone,
   * however old it is, and a prune leaves that of its horizon. Such a kind has one time, the last column of its key. Absent: features are
   * shown all rows, within their windows, and a prune takes rows all of whose times lie before its horizon.
   */
  readonly newestOf?: string;
  /** The row that an event makes; undefined: none. */
  rowOf(event: Readonly<Record<string, unknown>>): R | undefined;
  /** What two events with one key make together: `kept` itself when `next` changes nothing. */
  join(kept: R, next: R): R;
  /** For trying a family: rows whose times lie within a second after `ms`. */
  samples(ms: number): readonly R[];
}

/** Counts rows, as a CounterFamily counts tips, and with the same promises; of a kind with newestOf, the newest rows alone. */
export interface RowFamily<R extends Row = Row> {
  readonly id: string;
  readonly of: RowKind<R>;
  /** At most WINDOW_MS; null, of kinds with newestOf alone: it looks back without an end. */
  readonly windowMs: number | null;
  /**
   * Its counters are `id:NUMBER`, how many rows have that number, and features ask for their median. They are kept in a table, in
   * order, and not among the user's other counters, so that a hundred thousand different numbers cost an event no more than ten.
   */
  readonly ordered?: true;
  contribute(row: R, asOfMs: number, add: AddToCounter): void;
}

/** What a row's key is, as one text; for maps in memory. */
export function keyOf(kind: RowKind, row: Row): string {
  return JSON.stringify(kind.key.map((column) => row[column]));
}

/** The time column of a kind with newestOf. */
export function timeOf(kind: RowKind): string {
  return kind.times[0]!;
}

/** Whether every time of the row lies before `ms`. */
export function isOlderThan(kind: RowKind, row: Row, ms: number): boolean {
  return kind.times.every((time) => (row[time] as number) < ms);
}
