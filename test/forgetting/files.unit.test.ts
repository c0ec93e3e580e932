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
    inLongerWords: [],
    found: expect.arrayContaining(['across', 'deep/down/-rf "quoted" file', 'first']) as string[],
    why: null,
  });
  expect(await filesWithBytes(directory, undefined)).toMatchObject({
    ...{ searched: 0, found: [], why: 'only the digest of the id was known, so they were not searched' },
  });
});

it('tells an id from longer words that have it, at both ends of files and pieces', async () => {
  const directory = folder();
  const at = (before: number, text: string) => Buffer.concat([Buffer.alloc(before, 0x2e), Buffer.from(text)]);
  const whole = { alone: 'user-1', start: 'user-1,', end: ' user-1', json: '{"user_id":"user-1"}', later: 'user-10 user-1' };
  const part = { longer: 'user-10', before: 'a-user-1', both: 'xuser-1x', often: 'user-10,user-11,user-1_', start: 'user-1x' };
  for (const [name, text] of Object.entries(whole))
    for (const before of [0, MIB - 9, MIB - 7, MIB - 6, MIB - 3, MIB, 2 * MIB - 6])
      writeFileSync(join(directory, `whole-${name}-${before}`), at(before, text));
  for (const [name, text] of Object.entries(part))
    for (const before of [0, MIB - 9, MIB - 7, MIB - 6, MIB - 3, MIB, 2 * MIB - 6])
      writeFileSync(join(directory, `part-${name}-${before}`), at(before, text));
  const { found, inLongerWords } = await filesWithBytes(directory, 'user-1');
  expect(found.filter((name) => name.startsWith('part'))).toEqual([]);
  expect(inLongerWords.filter((name) => name.startsWith('whole'))).toEqual([]);
  expect([found.length, inLongerWords.length]).toEqual([35, 35]);
});

it('tells of a short id that it is nowhere, and leaves open whether bytes that are there are it', async () => {
  const directory = folder();
  writeFileSync(join(directory, 'log.db'), 'a banana of otto');
  expect(await filesWithBytes(directory, 'ana')).toEqual({ searched: 1, found: [], inLongerWords: ['log.db'], why: null });
  writeFileSync(join(directory, 'list'), 'ana,otto');
  expect(await filesWithBytes(directory, 'ana')).toEqual({
    ...{ searched: 2, found: [], inLongerWords: ['log.db'] },
    why: 'the bytes of so short an id are in list, which can be chance (it has fewer than 4 bytes)',
  });
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
