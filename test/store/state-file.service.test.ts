/**
 * State files that are not what the service believes they are: refused with what to do, left as they are, and the other partitions go
 * on.
 */
import Database from 'better-sqlite3';
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  truncateSync,
  writeFileSync,
  closeSync,
  openSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { createRegistry, coreRegistry } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedOptions, EmbeddedService } from '../support/embedded/service.js';

const PAGE = 4_096;
const options: EmbeddedOptions = { partitions: 2, clock: () => 5_000 };
const served = (user_id: string, i: number) => ({ user_id, tip_id: `tip-${i}`, served_at_ms: 1_000 + i });

/** Stopped, with users a (partition 0) and d (partition 1), everything in the main file of each. */
async function stopped(tips = 5): Promise<EmbeddedService> {
  const embedded = await embeddedService(options);
  await embedded.produce('tip.served', ...Array.from({ length: tips }, (_, i) => [served('a', i), served('d', i)]).flat());
  await embedded.catchUp();
  await embedded.stop();
  for (const partition of [0, 1]) alter(embedded.statePath(partition), 'SELECT 1');
  return embedded;
}

/** Starts, and answers why partition 0 is stopped; its file must be as it was, and partition 1 must go on, unless both are concerned. */
async function refusal(embedded: EmbeddedService, more: EmbeddedOptions & { both?: true } = {}): Promise<TipstreamError> {
  const before = readFileSync(embedded.statePath(0));
  await embedded.produce('tip.served', served('a', 999), served('d', 999));
  await embedded.start(more);
  const error = (await embedded.service.caughtUp().catch((thrown: unknown) => thrown)) as TipstreamError;
  expect(error).toBeInstanceOf(TipstreamError);
  expect(error.hint).toBeTruthy();
  expect(readFileSync(embedded.statePath(0)).equals(before), 'the refused file has changed').toBe(true);
  expect(embedded.service.status().partitions[0]).toMatchObject({
    partition: 0,
    state: 'stopped',
    error: { code: error.code, hint: error.hint },
  });
  expect(embedded.service.status().ready).toBe(false);
  expect(embedded.logged.filter(({ level }) => level >= 50).map(({ code }) => code)).toContain(error.code);
  if (more.both) return error;
  await expect.poll(() => embedded.service.status().partitions[1]).toMatchObject({ partition: 1, state: 'running', error: null });
  await expect.poll(() => embedded.query(1, "SELECT * FROM tip WHERE tip_id = 'tip-999'")).toHaveLength(1);
  await expect(embedded.service.profile('a')).rejects.toMatchObject({ code: 'not_ready' });
  return error;
}

function overwrite(path: string, bytes: Buffer, at: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

function alter(path: string, sql: string): void {
  const db = new Database(path);
  db.exec(sql);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

describe('a state file that', () => {
  it('is not SQLite at all is refused', async () => {
    const embedded = await stopped();
    writeFileSync(embedded.statePath(0), 'Dear diary, today the disk ...');
    expect(await refusal(embedded)).toMatchObject({ code: 'state_corrupt', hint: expect.stringContaining('tipstream rebuild') as string });
  });

  it('is full of random bytes is refused', async () => {
    const embedded = await stopped();
    const bytes = Buffer.from(Array.from({ length: 3 * PAGE }, (_, i) => (i * 7919 + (i >> 3)) & 0xff));
    writeFileSync(embedded.statePath(0), bytes);
    expect((await refusal(embedded)).code).toBe('state_corrupt');
  });

  it.each([100, 1_000, PAGE, 5 * PAGE + 17])('was cut off after %i bytes is refused', async (bytes) => {
    const embedded = await stopped(200);
    truncateSync(embedded.statePath(0), bytes);
    expect((await refusal(embedded)).code).toBe('state_corrupt');
  });

  it('has a page of zeros in the middle is refused', async () => {
    const embedded = await stopped(400);
    const pages = statSync(embedded.statePath(0)).size / PAGE;
    expect(pages).toBeGreaterThan(20);
    overwrite(embedded.statePath(0), Buffer.alloc(PAGE), Math.floor(pages / 2) * PAGE);
    expect((await refusal(embedded)).code).toBe('state_corrupt');
  });

  it('lost its first page is refused', async () => {
    const embedded = await stopped();
    overwrite(embedded.statePath(0), Buffer.alloc(PAGE), 0);
    expect((await refusal(embedded)).code).toBe('state_corrupt');
  });

  it("is somebody else's database is refused, and not written to", async () => {
    const embedded = await stopped();
    const other = `${embedded.directory}/other.db`;
    alter(other, 'CREATE TABLE notes (text)');
    copyFileSync(other, embedded.statePath(0));
    expect(await refusal(embedded)).toMatchObject({
      code: 'state_corrupt',
      message: expect.stringContaining('not a tipstream state file') as string,
    });
  });

  it('a newer tipstream wrote is refused', async () => {
    const embedded = await stopped();
    alter(embedded.statePath(0), 'PRAGMA user_version = 99');
    expect(await refusal(embedded)).toMatchObject({
      code: 'state_newer',
      message: expect.stringContaining('99') as string,
      hint: expect.stringContaining('newer tipstream') as string,
    });
  });

  it('an older schema wrote is refused', async () => {
    const embedded = await stopped();
    alter(embedded.statePath(0), 'PRAGMA user_version = 0');
    expect((await refusal(embedded)).code).toBe('state_mismatch');
  });

  it('is that of another partition is refused', async () => {
    const embedded = await stopped();
    copyFileSync(embedded.statePath(1), embedded.statePath(0));
    expect(await refusal(embedded)).toMatchObject({
      code: 'state_mismatch',
      message: expect.stringContaining('belongs to partition 1') as string,
    });
  });

  it('holds offsets of another kind of log is refused', async () => {
    const embedded = await stopped();
    alter(embedded.statePath(0), "UPDATE meta SET value = 'kafka' WHERE name = 'log'");
    expect(await refusal(embedded)).toMatchObject({
      code: 'state_mismatch',
      message: expect.stringContaining('kafka') as string,
      hint: expect.stringContaining('--data') as string,
    });
  });

  it('was folded from topics with another prefix is refused', async () => {
    const embedded = await stopped();
    alter(embedded.statePath(0), "UPDATE meta SET value = 'signals.' WHERE name = 'topicPrefix'");
    expect(await refusal(embedded)).toMatchObject({ code: 'state_mismatch', hint: expect.stringContaining('--topic-prefix') as string });
  });

  it('was folded with other features keeps the service from starting, and nothing is made beside it', async () => {
    const embedded = await stopped();
    const before = readFileSync(embedded.statePath(0));
    renameSync(embedded.statePath(1), `${embedded.statePath(1)}.away`);
    const fewer = createRegistry(coreRegistry.features.slice(1));
    await expect(embedded.start({ registry: fewer })).rejects.toMatchObject({
      code: 'state_mismatch',
      message: expect.stringContaining('removed: completion_rate_30d') as string,
      hint: expect.stringContaining('tipstream rebuild') as string,
      details: { added: [], changed: [], removed: ['completion_rate_30d'] },
    });
    expect(readFileSync(embedded.statePath(0)).equals(before), 'the refused file has changed').toBe(true);
    expect(existsSync(embedded.statePath(1)), 'a file of other features was made in the same generation').toBe(false);
  });

  it('was folded under another number of partitions ends the whole service', async () => {
    const embedded = await stopped();
    alter(embedded.statePath(0), "UPDATE meta SET value = '8' WHERE name = 'partitions'");
    expect(await refusal(embedded, { both: true })).toMatchObject({
      code: 'partition_count_changed',
      message: expect.stringContaining('8 partitions') as string,
    });
    expect(embedded.failure?.code).toBe('partition_count_changed');
  });

  it('was moved away is made again from the log', async () => {
    const embedded = await stopped();
    const before = embedded.digest(4_000);
    renameSync(embedded.statePath(0), `${embedded.statePath(0)}.away`);
    await embedded.catchUp();
    expect(embedded.digest(4_000)).toEqual(before);
  });

  it.each(['tip', 'user', 'sqlite_autoindex_user_1', 'position', 'outbox', 'decision', 'tally'])(
    'is damaged in %s while it is in use stops its partition when the damage is met',
    async (table) => {
      const embedded = await stopped(400);
      await embedded.start();
      await embedded.service.caughtUp();
      const [{ page }] = embedded.query<{ page: number }>(0, 'SELECT rootpage AS page FROM sqlite_schema WHERE name = ?', table) as [
        { page: number },
      ];
      // Another connection's commit makes the worker read its pages again.
      alter(embedded.statePath(0), "INSERT INTO tally (name, count) VALUES ('somebody else', 1)");
      overwrite(embedded.statePath(0), Buffer.alloc(PAGE, 0xee), (page - 1) * PAGE);
      await embedded.produce('tip.served', ...[1, 2].map((i) => served('a', 1_000 + i)), served('d', 1_001));
      await embedded.produce('tip.candidates', {
        user_id: 'a',
        decision_id: 'd1',
        requested_at_ms: 2_000,
        candidates: [{ tip_id: 't', is_overdue: false, task_age_days: 0, priority: 1 }],
      });
      await expect(embedded.service.caughtUp()).rejects.toMatchObject({
        code: 'state_corrupt',
        hint: expect.stringContaining('tipstream rebuild') as string,
      });
      await expect.poll(async () => (await embedded.service.profile('d')).features.tip_volume_30d).toBe(401);
    },
  );

  it('is closed in good order is one file, to copy or to move', async () => {
    const embedded = await stopped();
    await embedded.start();
    await embedded.produce('tip.served', served('a', 7));
    await embedded.catchUp();
    await embedded.stop();
    expect(readdirSync(dirname(embedded.statePath(0))).sort()).toEqual(['partition-0000.db', 'partition-0001.db']);
  });

  it('people read with sqlite3 while it is written does not hold up the writer', async () => {
    const embedded = await embeddedService(options);
    await embedded.start();
    await embedded.produce('tip.served', served('a', 0));
    await embedded.catchUp();
    const reader = new Database(embedded.statePath(0), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM tip').get();
    await embedded.produce('tip.served', served('a', 1));
    await embedded.catchUp();
    expect(reader.prepare('SELECT count(*) AS tips FROM tip').get()).toEqual({ tips: 1 });
    reader.exec('COMMIT');
    expect(reader.prepare('SELECT count(*) AS tips FROM tip').get()).toEqual({ tips: 2 });
    reader.close();
  });
});
