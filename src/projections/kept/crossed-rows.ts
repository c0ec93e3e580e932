/** What is counted of a user's rows, of all kinds, moved forward over their boundaries (window.ts), one after the other. */
import { contribute } from '../aggregate.js';
import { CounterMap, type Counters } from '../counters/counters.js';
import { HeldFamilies } from './held-numbers.js';
import { countersOfNewest, type KindSet, newestOf } from '../row-counts.js';
import { type Row, timeOf } from '../row-kind.js';
import type { UserRows } from './user-rows.js';

export interface CountedRow {
  readonly set: KindSet;
  readonly row: Row;
}

export interface RowBoundary extends CountedRow {
  /** What is counted of the row may differ between then and the millisecond after it. */
  readonly boundaryMs: number;
}

export class CrossedRows {
  /** Of all kinds together, as of the time that it stands at. */
  readonly counters = new CounterMap();
  readonly #kinds: readonly KindSet[];
  readonly #rows: UserRows;
  readonly #numbers = new HeldFamilies();
  /** Kind with newestOf -> value of its column -> the newest row. */
  readonly #newest = new Map<KindSet, Map<Row[string], Row>>();
  readonly #asOfMs: number;

  constructor(kinds: readonly KindSet[], rows: UserRows, asOfMs: number) {
    this.#kinds = kinds;
    this.#rows = rows;
    this.#asOfMs = asOfMs;
    for (const set of kinds) {
      if (set.kind.newestOf !== undefined) {
        const newest = [...newestOf(set.kind, this.#of(set), asOfMs)];
        this.#newest.set(set, new Map(newest.map((row) => [row[set.kind.newestOf!]!, row])));
        this.#addNewest(set, asOfMs, 1);
        continue;
      }
      const counted = new CounterMap();
      for (const row of this.#of(set)) contribute(set, counted, row, asOfMs, 1);
      this.#apply(set, counted);
    }
  }

  /** From the time that it began at on, in no particular order. */
  boundaries(): RowBoundary[] {
    return this.#kinds.flatMap((set) =>
      this.#of(set).flatMap((row) =>
        set.kind.times
          .flatMap((time) => [0, ...set.windowsMs].map((lengthMs) => (row[time] as number) + lengthMs))
          .filter((boundaryMs) => boundaryMs >= this.#asOfMs)
          .map((boundaryMs) => ({ boundaryMs, set, row })),
      ),
    );
  }

  /** Goes to the millisecond after the boundary, which `crossing` have. */
  cross(boundaryMs: number, crossing: Iterable<CountedRow>): void {
    const bySet = new Map<KindSet, Row[]>();
    for (const { set, row } of crossing) bySet.set(set, [...(bySet.get(set) ?? []), row]);
    for (const [set, rows] of bySet) {
      const newest = this.#newest.get(set);
      if (newest === undefined) {
        const counted = new CounterMap();
        for (const row of rows) {
          contribute(set, counted, row, boundaryMs + 1, 1);
          contribute(set, counted, row, boundaryMs, -1);
        }
        this.#apply(set, counted);
        continue;
      }
      this.#addNewest(set, boundaryMs, -1);
      const time = timeOf(set.kind);
      // Of rows with one value of the column, each has a time of its own, and this one is later than those before it.
      for (const row of rows) if (row[time] === boundaryMs) newest.set(row[set.kind.newestOf!]!, row);
      this.#addNewest(set, boundaryMs + 1, 1);
    }
  }

  /** Whether features are shown the row: of a kind with newestOf the newest are. */
  isShown({ set, row }: CountedRow): boolean {
    return this.#newest.get(set)?.get(row[set.kind.newestOf!]!) === row || set.kind.newestOf === undefined;
  }

  #of(set: KindSet): readonly Row[] {
    return this.#rows.get(set.kind.name) ?? [];
  }

  #addNewest(set: KindSet, asOfMs: number, times: 1 | -1): void {
    for (const [name, count] of countersOfNewest(set, this.#newest.get(set)!.values(), asOfMs)) this.counters.add(name, times * count);
  }

  #apply(set: KindSet, counted: Counters): void {
    this.#numbers.settle(set.ordered, counted, this.counters);
    for (const [name, by] of counted) this.counters.add(name, by);
  }
}
