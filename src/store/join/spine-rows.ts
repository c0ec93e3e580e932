/** The rows of a spine: in memory while they are few, else in scratch files, so that memory does not grow with them. */
import type { FeatureValue } from '../../projections/feature.js';
import type { AnsweredRow, RowsOfSpine, SpineRow, TimedRow } from './rows-of-spine.js';
import { SpilledRows } from './spilled-rows.js';

/** Some 200 bytes a row, and what is in its other columns. */
const MOST_HELD_ROWS = 250_000;
const MOST_HELD_CHARACTERS = 32 * 1024 * 1024;

export class SpineRows implements RowsOfSpine {
  readonly #spill: () => SpilledRows;
  readonly #mostHeld: number;
  #rows: HeldRows | SpilledRows = new HeldRows();

  /** `directory` is asked for where it is needed, and is the caller's to remove. Tests give `mostHeld`. */
  constructor(directory: () => string, mostHeld: number = MOST_HELD_ROWS) {
    this.#spill = () => new SpilledRows(directory());
    this.#mostHeld = mostHeld;
  }

  add(row: SpineRow): void {
    this.#rows.add(row);
    if (!(this.#rows instanceof HeldRows)) return;
    if (this.#rows.count <= this.#mostHeld && this.#rows.characters <= MOST_HELD_CHARACTERS) return;
    const spilled = this.#spill();
    for (const held of this.#rows.inOrder()) spilled.add(held);
    this.#rows = spilled;
  }

  byUserAndTime(): Iterable<TimedRow> {
    return this.#rows.byUserAndTime();
  }

  answer(seq: number, features: readonly FeatureValue[]): void {
    this.#rows.answer(seq, features);
  }

  inOrder(): Iterable<AnsweredRow> {
    return this.#rows.inOrder();
  }

  before(asOfMs: number): Iterable<SpineRow> {
    return this.#rows.before(asOfMs);
  }

  close(): void {
    this.#rows.close();
  }
}

class HeldRows implements RowsOfSpine {
  readonly #rows: SpineRow[] = [];
  /** Rows that are equal in it share it. */
  #answers: (readonly FeatureValue[] | undefined)[] = [];
  characters = 0;

  get count(): number {
    return this.#rows.length;
  }

  add(row: SpineRow): void {
    this.#rows.push(row);
    this.characters += (row.others?.length ?? 0) + (row.known?.length ?? 0);
  }

  *byUserAndTime(): Generator<TimedRow> {
    const rows = this.#rows;
    this.#answers = new Array<undefined>(rows.length).fill(undefined); // filled in any order: an array that grows by holes is slow
    const timesMs = Float64Array.from(rows, ({ asOfMs }) => asOfMs); // sorting by the rows themselves would jump about in memory
    const byUser = new Map<string, number[]>();
    for (let seq = 0; seq < rows.length; seq++) {
      const { userId } = rows[seq]!;
      const seqs = byUser.get(userId);
      if (seqs === undefined) byUser.set(userId, [seq]);
      else seqs.push(seq);
    }
    for (const userId of [...byUser.keys()].sort()) {
      const seqs = byUser.get(userId)!;
      seqs.sort((a, b) => timesMs[a]! - timesMs[b]!);
      for (const seq of seqs) yield { seq, userId, asOfMs: timesMs[seq]! };
    }
  }

  answer(seq: number, features: readonly FeatureValue[]): void {
    this.#answers[seq] = features;
  }

  *inOrder(): Generator<AnsweredRow> {
    for (let seq = 0; seq < this.#rows.length; seq++) {
      const { line, userId, asOfMs, decisionId, others, known } = this.#rows[seq]!;
      yield { line, userId, asOfMs, decisionId, others, known, features: this.#answers[seq] ?? null };
    }
  }

  *before(asOfMs: number): Generator<SpineRow> {
    for (const row of this.#rows) if (row.asOfMs < asOfMs) yield row;
  }

  close(): void {
    this.#rows.length = 0;
  }
}
