/** In DuckDB, whose reader of SQLite goes by declared types, every feature was a BLOB: avg was an error, and max compared bytes. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultRegistry } from '../../src/projections/registry.js';
import { duckdbOrSkip, queryWithDuckdb } from '../support/duckdb.js';
import { EmbeddedDirectory } from '../support/embedded/process.js';
import { TRAFFIC_AS_OF_MS, traffic } from '../support/embedded/traffic.js';

describe.skipIf(!duckdbOrSkip('a snapshot in DuckDB'))('a snapshot in DuckDB', () => {
  let directory: EmbeddedDirectory;
  let file: string;
  beforeAll(async () => {
    directory = await EmbeddedDirectory.open();
    await directory.log.append(traffic(9).next(2_000));
    await directory.catchUp();
    file = join(directory.workspace.directory, 'snapshot.db');
    expect(await directory.run('snapshot', file, '--as-of', String(TRAFFIC_AS_OF_MS))).toMatchObject({ code: 0 });
  });
  afterAll(() => directory.close());

  it('has every feature as SQLite has it', async () => {
    const columns = defaultRegistry.features.map(
      ({ name, dtype }) => `min(${name}), max(${name}), count(${name}), ${dtype === 'numeric' ? `round(avg(${name}), 6)` : 'NULL'}`,
    );
    const sqlite = new Database(file, { readonly: true });
    const expected = sqlite
      .prepare(`SELECT ${columns.join(', ')} FROM profiles`)
      .raw()
      .get() as unknown[];
    sqlite.close();
    for (const at of columns.keys()) expect(expected[4 * at + 2], columns[at]).toBeGreaterThan(1);
    expect(await queryWithDuckdb(file, `SELECT ${columns.join(', ')} FROM snapshot.profiles`)).toEqual([expected]);
  });
});
