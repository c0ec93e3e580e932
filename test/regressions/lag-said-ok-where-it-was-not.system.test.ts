/** `tipstream lag` of logs and states that do not fit: what it says is true, and one bad file does not hide the others. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LagRow } from '../../src/log/lag.js';
import { openSqliteLog } from '../../src/log/sqlite/index.js';
import { ensureTopics } from '../../src/log/ensure-topics.js';
import { EmbeddedDirectory } from '../support/embedded/process.js';

let embedded: EmbeddedDirectory;
const served = (n: number) => ({ topic: 'tip.served', key: Buffer.from('ana'), value: Buffer.from(`not json ${n}`), partition: 0 });
const fileOf = (partition: number) => join(embedded.data, 'state', 'gen-000001', `partition-000${partition}.db`);
const lag = async (...args: readonly string[]) => {
  const { code, stdout, stderr } = await embedded.run('lag', '--json', ...args);
  const rows = JSON.parse(stdout) as LagRow[];
  return { code, stderr, rows, served: rows.find(({ topic, partition }) => topic === 'tip.served' && partition === 0)! };
};

beforeEach(async () => {
  embedded = await EmbeddedDirectory.open();
  await embedded.log.append([0, 1, 2].map(served));
  await embedded.catchUp();
});
afterEach(() => embedded.log.close().catch(() => undefined));

it('records that were deleted before they were applied: stop', async () => {
  await embedded.log.append([3, 4, 5, 6, 7].map(served));
  await embedded.log.truncateBefore('tip.served', 0, 5);
  expect((await lag()).served).toMatchObject({ status: 'stop', applied_offset: 3, log_end_offset: 8, lag_records: 5 });
  expect((await lag()).served).toMatchObject({ rule: 'applied_offset 3 < low_offset 5' });
});

it('a state beyond the log: rewind', async () => {
  await embedded.log.close();
  for (const name of ['log.db', 'log.db-wal', 'log.db-shm']) rmSync(join(embedded.data, name), { force: true });
  const log = await openSqliteLog({ directory: embedded.data });
  await ensureTopics(log, { prefix: '', partitions: 4, partitionsGiven: false });
  await log.close();
  expect((await lag()).served).toMatchObject({ status: 'rewind', applied_offset: 3, high_watermark: 0, lag_seconds: null });
});

it('a damaged state file: its rows say so, the others are there, and the exit code is 1', async () => {
  for (const suffix of ['-wal', '-shm']) rmSync(`${fileOf(2)}${suffix}`, { force: true });
  writeFileSync(fileOf(2), 'this is no database'.repeat(1000));
  const { code, rows, stderr } = await lag();
  expect(code).toBe(1);
  expect(stderr).toContain('is damaged');
  expect(
    new Set(rows.filter(({ partition }) => partition === 2).map(({ status, applied_offset: applied }) => `${status} ${applied}`)),
  ).toEqual(new Set(['stop null']));
  expect(rows.filter(({ partition }) => partition === 0).every(({ applied_offset: applied }) => applied !== null)).toBe(true);
  const table = await embedded.run('lag');
  expect(table.code).toBe(1);
  expect(table.stdout.split('\n')[1]).toMatch(/^STOP +2 /);
});

it('a service that runs is ok when all is applied, one that does not is stopped, and others know what stopped a partition', async () => {
  const started = embedded.start();
  await started.joined;
  expect(new Set((await lag()).rows.map(({ status }) => status))).toEqual(new Set(['ok']));
  await embedded.log.append([3, 4].map(served));
  await expect
    .poll(async () => (await lag()).served, { timeout: 15_000 })
    .toMatchObject({ status: 'ok', applied_offset: 5, lag_records: 0 });
  started.child.kill('SIGTERM');
  expect((await started.ended).code).toBe(0);
  const { rows } = await lag();
  expect(new Set(rows.map(({ status, rule }) => `${status}: ${rule}`))).toEqual(
    new Set(['stop: no process runs workers on this data directory']),
  );

  writeFileSync(fileOf(1), 'this is no database'.repeat(1000));
  const again = embedded.start();
  await again.joined;
  await expect
    .poll(async () => (await lag()).rows.filter(({ status }) => status === 'stop').length, { timeout: 15_000 })
    .toBe(rows.length / 4);
  again.child.kill('SIGTERM');
  await again.ended;
});

it('a timestamp of 0 is one, and none of -1 makes an age', async () => {
  await embedded.log.append([{ ...served(9), timestampMs: 1 }]);
  expect((await lag()).served.lag_seconds).toBeGreaterThan(1e9);
});

it('fits 80 columns, worst first, with a sum', async () => {
  for (const args of [[], ['--topics']]) {
    const { stdout, code } = await embedded.run('lag', ...args);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines).toHaveLength(2 + (args.length === 0 ? 4 : 4 * new Set((await lag()).rows.map(({ topic }) => topic)).size));
    expect(lines.at(-1)).toMatch(/^0 records not applied/);
  }
});
