/** The rows of a spine on their way through the join: in their order, in that of users and times, and in their own again. */
import type { FeatureValue } from '../../projections/feature.js';

export interface SpineRow {
  /** Of the spine: the line or the row that it came from, from 1. */
  readonly line: number;
  readonly userId: string;
  /** Unix ms; 0 in a spine of decisions. */
  readonly asOfMs: number;
  /** '' in a spine of times. */
  readonly decisionId: string;
  /** The other columns as the text of a JSON object; null: it has none. */
  readonly others: string | null;
  /** Its positions as JSON, where each row has its own; else null. */
  readonly known: string | null;
}

export interface AnsweredRow extends SpineRow {
  /** What `answer` was given; null: nothing. */
  readonly features: readonly FeatureValue[] | null;
}

export interface TimedRow {
  /** Which row it is, for `answer`. */
  readonly seq: number;
  readonly userId: string;
  readonly asOfMs: number;
}

export interface RowsOfSpine {
  add(row: SpineRow): void;
  /** All rows of a user one after the other, by time. `answer` may be called meanwhile, `add` may not any more. */
  byUserAndTime(): Iterable<TimedRow>;
  /** The features of a row, in the order of their names. */
  answer(seq: number, features: readonly FeatureValue[]): void;
  /** In the order in which they were added, with their answers. */
  inOrder(): Iterable<AnsweredRow>;
  /** Those before a time, in the order in which they were added. */
  before(asOfMs: number): Iterable<SpineRow>;
  close(): void;
}
