/** What is not damage is not called damage, and a partition outlives a lock that another program holds on its file. */
import Database from 'better-sqlite3';
import { expect, it, vi } from 'vitest';
import { fileFailure } from '../../src/file-failure.js';
import { asLogFailure } from '../../src/log/sqlite/failures.js';
import { stateError } from '../../src/store/state-file.js';
import { writingIn } from '../../src/store/directory/data-directory.js';
import { partitionFile, generationDirectory } from '../../src/store/directory/layout.js';
import { embeddedService } from '../support/embedded/directory.js';

it.each([
  ['SQLITE_READONLY', 'permission_denied'],
  ['SQLITE_READONLY_DIRECTORY', 'permission_denied'],
  ['SQLITE_READONLY_DBMOVED', 'state_removed'],
  ['EACCES', 'permission_denied'],
  ['EROFS', 'permission_denied'],
  ['EMFILE', 'too_many_open_files'],
  ['ENFILE', 'too_many_open_files'],
  ['EIO', 'disk_failed'],
  ['SQLITE_IOERR_FSYNC', 'disk_failed'],
  ['SQLITE_CANTOPEN', 'disk_failed'],
  ['ENOSPC', 'disk_full'],
] as const)('%s is %s, in state files, the log and what is written beside them', (system, code) => {
  const path = process.execPath; // a file that is there
  const error = system.startsWith('SQLITE') ? new Database.SqliteError('no', system) : Object.assign(new Error('no'), { code: system });
  expect(stateError(path, error)).toMatchObject({ code });
  expect(fileFailure('file', path, error)).toMatchObject({ code });
  const throwing = () =>
    writingIn('.', () => {
      throw error;
    });
  if (code !== 'disk_full' && code !== 'state_removed') {
    expect(asLogFailure(error, path)).toMatchObject({ code });
    if (system !== 'SQLITE_CANTOPEN' && system !== 'SQLITE_IOERR_FSYNC')
      expect(throwing).toThrow(expect.objectContaining({ code }) as Error);
  }
});

it('damage still is', () => {
  expect(stateError('x', new Database.SqliteError('malformed', 'SQLITE_CORRUPT'))).toMatchObject({ code: 'state_corrupt' });
});

it('a lock that outlasts the busy timeout delays a partition, and does not stop it', { timeout: 40_000 }, async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => 5_000 });
  await embedded.catchUp();
  const other = new Database(partitionFile(generationDirectory(embedded.directory), 0));
  other.exec('BEGIN IMMEDIATE');
  await embedded.append({ topic: 'tip.served', key: Buffer.from('a'), value: Buffer.from('not json'), partition: 0 });
  await vi.waitFor(() => expect(embedded.logged.some(({ msg }) => msg.includes('trying again'))).toBe(true), 15_000);
  other.exec('ROLLBACK');
  other.close();
  await embedded.catchUp();
  expect(embedded.service.status().partitions).toMatchObject([{ state: 'running', error: null, positions: { 'tip.served': 1 } }]);
  expect(embedded.logged.filter(({ level }) => level >= 50)).toEqual([]);
  await embedded.close();
});
