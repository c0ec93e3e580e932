/** A spine that is a query over the state: the views of `tipstream sql`, as they are when it is asked. */
import { textFromSql } from '../../projections/sql-text.js';
import type { QueryableState, SqlValue } from '../../store/snapshot/query.js';
import { RawJson, type Cell } from '../cell.js';
import { namedTwice, type SpineSource } from './source.js';

/** `open` opens the state; it is closed with the source. */
export function sqlSpine(sql: string, open: () => Promise<QueryableState>): SpineSource {
  let state: QueryableState | undefined;
  return {
    name: 'of --spine-sql',
    unit: 'row',
    async *records(onColumns) {
      state = await open();
      const { columns, rows } = state.query(sql, {});
      const flaw = namedTwice(columns) ?? onColumns(columns);
      if (flaw !== undefined) return yield { line: 0, flaw };
      let line = 0;
      for (const row of rows) yield { line: ++line, members: new Map(columns.map((name, i): [string, Cell] => [name, cellOf(row[i]!)])) };
    },
    close: () => state?.close(),
  };
}

function cellOf(value: SqlValue): Cell {
  if (typeof value === 'bigint') return new RawJson(String(value), true);
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return Buffer.isBuffer(value) ? textFromSql(value) : value;
}
