/** State files, the log, snapshots and exports in the data directory had the modes that the umask left: 0644, or 0666 under a loose one. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
let directory: string;

beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'tipstream-modes-'))));
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function run(...args: string[]): void {
  const { status, stderr } = spawnSync('sh', ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, MAIN, ...args], {
    cwd: directory,
    encoding: 'utf8',
  });
  expect([status, stderr], args.join(' ')).toEqual([0, expect.anything()]);
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test('everything that is made in a data directory is for its owner alone, also under a loose umask', () => {
  const event = { topic: 'tip.served', value: { user_id: 'ana', tip_id: 't', served_at_ms: 1_795_900_000_000 } };
  writeFileSync(join(directory, 'day.ndjson'), `${JSON.stringify(event)}\n`);
  run('produce', 'day.ndjson');
  run('start', '--until-caught-up', '--no-http');
  run('rebuild');
  run('export', '--as-of', '2026-12-01', '--out', 'data/all.csv');
  run('snapshot', 'data/all.db');
  const made = readdirSync(join(directory, 'data'), { recursive: true, withFileTypes: true });
  expect(made.map(({ name }) => name)).toEqual(expect.arrayContaining(['log.db', 'CURRENT', 'partition-0000.db', 'all.csv', 'all.db']));
  expect(mode(join(directory, 'data'))).toBe('700');
  for (const entry of made)
    expect([entry.name, mode(join(entry.parentPath, entry.name))]).toEqual([entry.name, entry.isDirectory() ? '700' : '600']);
});

test('what is there already keeps its mode', () => {
  mkdirSync(join(directory, 'data'));
  chmodSync(join(directory, 'data'), 0o750);
  run('topics', 'create');
  chmodSync(join(directory, 'data/log.db'), 0o640);
  run('start', '--until-caught-up', '--no-http');
  expect([mode(join(directory, 'data')), mode(join(directory, 'data/log.db'))]).toEqual(['750', '640']);
  run('export', '--as-of', '2026-12-01', '--out', 'data/all.csv');
  expect(mode(join(directory, 'data/all.csv'))).toBe('600');
});
