/**
 * DuckDB's reader of SQLite files goes by declared types: columns without one were BLOBs, avg was an error, and max compared bytes. What
 * DuckDB makes of a snapshot is in duckdb-read-every-feature-as-bytes.
 */
import { expect, test } from 'vitest';
import { publicTables } from '../../src/store/snapshot/public-tables.js';
import { defaultRegistry } from '../../src/projections/registry.js';

test('every column of a snapshot has a declared type, and features have that of their dtype', () => {
  const tables = publicTables(defaultRegistry);
  for (const { name, columns } of Object.values(tables))
    for (const [column, type] of columns) expect(type, `${name}.${column}`).toMatch(/^(INTEGER|REAL|TEXT)$/);
  const types = new Map(tables.profiles.columns);
  for (const { name, dtype } of defaultRegistry.features) expect(types.get(name), name).toBe(dtype === 'numeric' ? 'REAL' : 'TEXT');
  expect(Object.fromEntries(tables.user_profile_features.columns)).toMatchObject({ value: 'REAL', value_text: 'TEXT' });
});
