/** Rows as SQLite has them: text of columns of type ANY may be bytes (projections/sql-text.ts). */
import type { Row, RowKind, RowValue } from '../../projections/row-kind.js';
import { textForSql, textFromSql } from '../../projections/sql-text.js';

export type StoredRow = Readonly<Record<string, RowValue | Uint8Array>>;

/** Reads rows of a kind; a kind without such columns is read as it is. */
export function rowDecoder({ columns }: RowKind): (stored: StoredRow) => Row {
  const texts = columns.filter(([, type]) => type.startsWith('ANY')).map(([column]) => column);
  if (texts.length === 0) return (stored) => stored as Row;
  return (stored) => {
    const row = { ...stored };
    for (const column of texts) {
      const value = row[column];
      if (value instanceof Uint8Array) row[column] = textFromSql(value);
    }
    return row as Row;
  };
}

/** The values to bind, in the order of the columns. */
export function rowEncoder({ columns }: RowKind): (row: Row) => (RowValue | Uint8Array)[] {
  return (row) =>
    columns.map(([column, type]) => {
      const value = row[column]!;
      return typeof value === 'string' && type.startsWith('ANY') ? textForSql(value) : value;
    });
}
