/** Looking for the bytes of an id in files: at any place of them, in folders, and without a lock being lost by it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { filesWithBytes } from '../../src/forgetting/files.js';

const MIB = 1024 * 1024;

function folder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-bytes-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

it('finds an id wherever it lies in a file, across the pieces that are read at once too', async () => {
  const directory = folder();
  mkdirSync(join(directory, 'deep', 'down'), { recursive: true });
  const around = (before: number) => Buffer.concat([Buffer.alloc(before, 0x2e), Buffer.from('an-é-\u{1f600}'), Buffer.alloc(10)]);
  writeFileSync(join(directory, 'first'), around(0));
  writeFileSync(join(directory, 'across'), around(MIB - 3));
  writeFileSync(join(directory, 'deep', 'down', '-rf "quoted" file'), around(2 * MIB + 1));
  writeFileSync(join(directory, 'half'), 'an-é-');
  writeFileSync(join(directory, 'none'), '');
  expect(await filesWithBytes(directory, 'an-é-\u{1f600}')).toEqual({
    searched: 5,
    found: expect.arrayContaining(['across', 'deep/down/-rf "quoted" file', 'first']) as string[],
    why: null,
  });
  expect(await filesWithBytes(directory, 'abc')).toMatchObject({ searched: 0, why: 'an id of fewer than 4 bytes is in everything' });
  expect(await filesWithBytes(directory, undefined)).toMatchObject({ searched: 0, why: 'only the digest of the id was known' });
});

it('leaves the locks of this process as they are: another one cannot write into its transaction', async () => {
  const directory = folder();
  const path = join(directory, 'log.db');
  const db = new Database(path);
  onTestFinished(() => void db.close());
  db.exec('CREATE TABLE t (x)');
  db.exec('BEGIN EXCLUSIVE');
  await filesWithBytes(directory, 'somebody');
  const other = `
    const [sqlite, path] = process.argv.slice(1);
    try {
      new (require(sqlite))(path, { timeout: 0 }).exec('BEGIN IMMEDIATE');
      console.log('wrote');
    } catch (error) {
      console.log(error.code);
    }`;
  const sqlite = createRequire(import.meta.url).resolve('better-sqlite3');
  expect(execFileSync(process.execPath, ['--eval', other, '--', sqlite, path]).toString().trim()).toBe('SQLITE_BUSY');
  db.exec('ROLLBACK');
});
