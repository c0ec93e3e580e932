/** The tables of a state file whose registry has kinds of rows; a file of the set core has none of them. */
import type { KindSet } from '../../projections/row-counts.js';
import type { RowKind } from '../../projections/row-kind.js';

/**
 * row_aggregate: as the same columns of `user`, for each kind without newestOf. ordered_number: how often each number of an ordered
 * family counts in the window of that aggregate. pruned_rows: how many rows of each kind a recorded prune took; those of which it took
 * none are left out.
 */
const SHARED = `
CREATE TABLE row_aggregate (
  kind TEXT NOT NULL,
  uid INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  exact_after_ms INTEGER NOT NULL,
  exact_until_ms INTEGER NOT NULL,
  counters TEXT NOT NULL,
  PRIMARY KEY (kind, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE ordered_number (
  uid INTEGER NOT NULL,
  family TEXT NOT NULL,
  number REAL NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (uid, family, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE pruned_rows (
  seq INTEGER NOT NULL,
  kind TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (seq, kind)
) STRICT, WITHOUT ROWID;
`;

/** SQL; empty for none. */
export function rowTables(kinds: readonly KindSet[]): string {
  return kinds.length === 0 ? '' : SHARED + kinds.map(({ kind }) => tableOf(kind)).join('');
}

function tableOf({ name, key, columns, times, newestOf }: RowKind): string {
  const listed = columns.map(([column, type]) => `  ${column} ${type},\n`).join('');
  const end = `PRIMARY KEY (uid, ${key.join(', ')})\n) STRICT, WITHOUT ROWID;\n`;
  const table = `\nCREATE TABLE ${name} (\n  uid INTEGER NOT NULL,\n${listed}  ${end}`;
  // Of a kind with newestOf the primary key is the index that is needed.
  if (newestOf !== undefined) return table;
  return table + times.map((time) => `CREATE INDEX ${name}_by_${time} ON ${name} (uid, ${time});\n`).join('');
}
