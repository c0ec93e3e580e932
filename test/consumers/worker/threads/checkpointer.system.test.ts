/** Who copies a write-ahead log into its state file, and when. Threads run what was built. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Worker as Thread } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Checkpointer } from '../../../../src/consumers/worker/threads/checkpointer.js';
import { PACKAGE_ROOT } from '../../../../src/package.js';

const BUILT = new URL('dist/consumers/worker/threads/checkpoint-thread.js', PACKAGE_ROOT);
const MANY_RECORDS = 100_000;
const PATIENCE = { timeout: 30_000 };

describe('a checkpointer', () => {
  let folder: string;
  let db: Database.Database;
  let path: string;
  const threads: Thread[] = [];
  const said: Promise<string>[] = [];
  const checkpointer = (): Checkpointer =>
    new Checkpointer(
      (_, resourceLimits) => {
        const thread = new Thread(BUILT, { resourceLimits, stderr: true });
        threads.push(thread);
        said.push(text(thread.stderr));
        return thread;
      },
      (what) => said.push(Promise.resolve(what)),
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tipstream-checkpointer-'));
    path = join(folder, 'state.db');
    db = new Database(path);
    db.pragma('journal_mode = WAL');
    db.pragma('wal_autocheckpoint = 0');
    db.exec('CREATE TABLE t (x BLOB); INSERT INTO t SELECT zeroblob(100000) FROM json_each(json_array(1, 2, 3, 4, 5))');
  });
  afterEach(() => {
    db.close();
    rmSync(folder, { recursive: true });
    threads.length = said.length = 0;
  });

  it('copies once enough was written, while the writer has the file open and writes', async () => {
    const checkpoints = checkpointer();
    checkpoints.wrote(path, 1);
    expect(threads).toEqual([]);
    const before = statSync(path).size;
    checkpoints.wrote(path, MANY_RECORDS);
    db.exec('BEGIN; INSERT INTO t VALUES (zeroblob(100000))');
    await expect.poll(() => statSync(path).size, PATIENCE).toBeGreaterThan(before + 400_000);
    db.exec('COMMIT');
    expect(db.pragma('quick_check', { simple: true })).toBe('ok');
    await checkpoints.close();
    expect(await said[0]).toBe('');
  });

  it('copies again when as much was written again, in the same thread', async () => {
    const checkpoints = checkpointer();
    checkpoints.wrote(path, MANY_RECORDS);
    await expect.poll(() => statSync(path).size, PATIENCE).toBeGreaterThan(400_000);
    db.exec('INSERT INTO t VALUES (zeroblob(3000000))');
    await expect
      .poll(() => {
        checkpoints.wrote(path, MANY_RECORDS); // while the one before is under way, it only counts
        return statSync(path).size;
      }, PATIENCE)
      .toBeGreaterThan(3_000_000);
    expect(threads).toHaveLength(1);
    await checkpoints.close();
  });

  it('makes no file where the state file is gone, and says nothing of it', async () => {
    const checkpoints = checkpointer();
    const gone = join(folder, 'gone.db');
    checkpoints.wrote(gone, MANY_RECORDS);
    checkpoints.wrote(path, MANY_RECORDS);
    await expect.poll(() => statSync(path).size, PATIENCE).toBeGreaterThan(400_000);
    await checkpoints.close();
    expect(existsSync(gone)).toBe(false);
    expect(await said[0]).toBe('');
  });

  it('says what else is wrong with a file', async () => {
    const checkpoints = checkpointer();
    db.close();
    writeFileSync(path, 'not a database, but long enough to be looked at as one: '.repeat(100));
    checkpoints.wrote(path, MANY_RECORDS);
    await checkpoints.close();
    expect(await said[0]).toMatch(/the write-ahead log of \S+state\.db was not copied: .*not a database/);
  });

  it('leaves a closed database in one file', async () => {
    const checkpoints = checkpointer();
    checkpoints.wrote(path, MANY_RECORDS);
    db.close();
    await checkpoints.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  });

  it('starts no thread after it was closed', async () => {
    const checkpoints = checkpointer();
    await checkpoints.close();
    checkpoints.wrote(path, MANY_RECORDS);
    expect(threads).toEqual([]);
  });
});
