/** What is counted of one user's rows at many times, in one pass over them. */
import { type Aggregate, isExactAt } from '../../projections/aggregate.js';
import { canMove } from '../../projections/as-of.js';
import { HeldFamilies } from '../../projections/kept/held-numbers.js';
import type { RowCounters } from '../../projections/registry.js';
import { rowsAt } from '../../projections/row-counts.js';
import { merged, type RowReader } from '../tables/row-reader.js';

/**
 * Answers what is counted of all kinds together, asked for in ascending order. `fromAggregate`: whether the stored aggregates may be
 * trusted.
 */
export function sweepRows(readers: readonly RowReader[], uid: number, fromAggregate: boolean): (asOfMs: number) => RowCounters {
  const sweeps = readers.map((reader) => {
    // Of these one row of each value counts, which an index finds.
    if (reader.set.kind.newestOf !== undefined) return (asOfMs: number) => reader.counters(uid, asOfMs, false);
    const sweep = new KindSweep(reader, uid, fromAggregate);
    return (asOfMs: number) => sweep.at(asOfMs);
  });
  return (asOfMs) => merged(sweeps.map((sweep) => sweep(asOfMs)));
}

/** Each row of one kind is read when it enters or leaves a window. */
class KindSweep {
  readonly #reader: RowReader;
  readonly #uid: number;
  readonly #fromAggregate: boolean;
  #last: Aggregate | undefined;
  /** Of #last; undefined until a second time is asked for. */
  #numbers: HeldFamilies | undefined;

  constructor(reader: RowReader, uid: number, fromAggregate: boolean) {
    this.#reader = reader;
    this.#uid = uid;
    this.#fromAggregate = fromAggregate;
  }

  /** `asOfMs` is not before the time asked for last. The answer is never changed. */
  at(asOfMs: number): RowCounters {
    if (this.#last === undefined) this.#last = this.#first(asOfMs);
    else if (!isExactAt(this.#last, asOfMs)) this.#last = this.#moved(this.#last, asOfMs);
    return this.#last.counters;
  }

  /** As a question by itself: most users of a spine have one row. */
  #first(asOfMs: number): Aggregate {
    const stored = this.#fromAggregate ? this.#reader.stored(this.#uid)?.aggregate : undefined;
    return this.#reader.aggregateFrom(this.#uid, asOfMs, stored);
  }

  #moved(last: Aggregate, asOfMs: number): Aggregate {
    const { set } = this.#reader;
    const source = this.#reader.source(this.#uid);
    if (!canMove(last, asOfMs)) this.#numbers = new HeldFamilies();
    if (this.#numbers === undefined) {
      this.#numbers = new HeldFamilies();
      const { counters } = rowsAt(set, last.untilMs, source);
      this.#numbers.settle(set.ordered, counters, counters);
    }
    const moved = rowsAt(set, asOfMs, source, last);
    this.#numbers.settle(set.ordered, moved.counters, moved.counters);
    return moved;
  }
}
