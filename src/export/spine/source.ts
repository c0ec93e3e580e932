/** Where the rows of a spine come from: one file of this folder for each kind. */
import type { Cell } from '../cell.js';

export const SPINE_FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type SpineFormat = (typeof SPINE_FORMATS)[number];

/** One row as it was given: the line it began on, or its number, from 1. */
export interface SpineRecord {
  readonly line: number;
  /** Column -> value; a column that the row does not have is not there. The reader's to change. */
  readonly members: Map<string, Cell>;
}

export interface FlawedRecord {
  readonly line: number;
  /** `is not JSON: ...` */
  readonly flaw: string;
  readonly hint?: string | undefined;
}

/** Hears the columns of a source that names them before its rows. Answers what is wrong with them. */
export type OnColumns = (names: readonly string[]) => string | undefined;

export interface SpineSource {
  /** What messages call it. */
  readonly name: string;
  /** What messages count. */
  readonly unit: 'line' | 'row';
  /** Once. A flaw after which nothing can be read is the last that comes. Throws not_found, and the signal's reason. */
  records(onColumns: OnColumns): AsyncIterable<SpineRecord | FlawedRecord>;
  close(): void;
}

/** The flaw of columns that are named twice; undefined: there is none. */
export function namedTwice(names: readonly string[]): string | undefined {
  const twice = new Set(names).size === names.length ? undefined : names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? undefined : `names the column ${JSON.stringify(twice)} twice`;
}
