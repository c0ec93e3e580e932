/**
 * CSV as RFC 4180 writes it: a header, CR LF, quotes where they are needed. Null is an empty field and the empty text is `""`, as
 * PostgreSQL and DuckDB read them. A text that looks like a formula is left as it is: data must come back as it went out.
 */
import { RawJson, type Cell } from './cell.js';
import type { Column } from './columns.js';
import { TextSink, type WriteText } from './sink.js';

export function csvSink(columns: readonly Column[], write: WriteText): TextSink {
  return new TextSink(record(columns.map(({ name }) => name)), (row) => record(row), write);
}

export function record(row: readonly Cell[]): string {
  return `${row.map(field).join(',')}\r\n`;
}

/** Lone surrogates cannot be written as UTF-8: they become U+FFFD. */
function field(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (cell === '') return '""';
  if (typeof cell === 'number') return String(cell);
  const text = cell instanceof RawJson ? cell.text : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
