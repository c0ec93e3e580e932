/** DuckDB with its reader of SQLite files, both from PyPI, in the virtual environment that .ci/run makes; a test downloads nothing. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../system/docs/markdown.js';

const PYTHON = process.env['TIPSTREAM_TEST_DUCKDB_PYTHON'] ?? join(ROOT, '.cache/duckdb/bin/python');

/** Says loudly that tests are skipped for want of DuckDB; in CI (CI=true) that is an error. */
export function duckdbOrSkip(what: string): boolean {
  if (existsSync(PYTHON)) return true;
  const how = 'python3 -m venv .cache/duckdb && .cache/duckdb/bin/pip install duckdb==1.4.4 duckdb-ext-sqlite==1.4.4.20260205';
  if (process.env['CI'] === 'true') throw new Error(`${what} needs DuckDB: ${how}`);
  console.warn(`SKIPPED: ${what}, since there is no DuckDB (${how})`);
  return false;
}

const SCRIPT = `
import duckdb, duckdb_ext, json, os, sys
extensions = os.path.join(list(duckdb_ext.__path__)[0], 'extensions')
found = next(os.path.join(at, name) for at, _, names in os.walk(extensions) for name in names if name.startswith('sqlite_scanner'))
db = duckdb.connect()
db.execute(f"LOAD '{found}'")
db.execute(f"ATTACH '{sys.argv[1]}' AS snapshot (TYPE sqlite, READ_ONLY)")
print(json.dumps(db.execute(sys.argv[2]).fetchall()))
`;

/** The rows of a query whose tables are `snapshot.NAME`. */
export async function queryWithDuckdb(file: string, sql: string): Promise<readonly (readonly unknown[])[]> {
  const { stdout } = await promisify(execFile)(PYTHON, ['-c', SCRIPT, file, sql]);
  return JSON.parse(stdout) as unknown[][];
}
