/** Positions: compared before they are set, held against what the log holds at every start, and never reset. */
import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOG_FILE_NAME } from '../../../src/log/sqlite/index.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { EmbeddedService, type EmbeddedOptions } from '../../support/embedded/service.js';

/** Users by partition (of 2). */
const IN = [
  ['a', 'b'],
  ['d', 'f'],
] as const;
const served = (user_id: string, i: number) => ({ user_id, tip_id: `t${i}`, served_at_ms: 1_000 + i });
const options: EmbeddedOptions = { partitions: 2, clock: () => 5_000 };

async function withEvents(): Promise<EmbeddedService> {
  const embedded = await embeddedService(options);
  for (const users of IN) for (const user of users) expect(IN[embedded.partitionOf(user)]).toContain(user);
  for (let i = 0; i < 5; i++) await embedded.produce('tip.served', ...IN.flat().map((user) => served(user, i)));
  await embedded.catchUp();
  return embedded;
}

const rowsOf = (embedded: EmbeddedService, partition: number) => ({
  positions: embedded.query(partition, 'SELECT * FROM position'),
  tips: embedded.query(partition, 'SELECT * FROM tip'),
  users: embedded.query(partition, 'SELECT * FROM user'),
});

describe('positions', () => {
  it('that somebody else moved stop the partition, which writes nothing more; the others go on', async () => {
    const embedded = await withEvents();
    const other = new Database(embedded.statePath(0));
    other.exec("UPDATE position SET next_offset = next_offset - 3 WHERE topic = 'tip.served'");
    other.close();
    const before = rowsOf(embedded, 0);
    await embedded.produce('tip.served', ...IN.flat().map((user) => served(user, 9)));
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'stale_owner',
      hint: expect.stringContaining('one process owns the data directory') as string,
      details: { topic: 'tip.served', stored: 7, expected: 10 },
    });
    expect(rowsOf(embedded, 0)).toEqual(before);
    expect(embedded.service.status()).toMatchObject({
      ready: false,
      partitions: [
        { state: 'stopped', error: { code: 'stale_owner' } },
        { state: 'running', error: null },
      ],
    });
    await expect(embedded.service.profile('a')).rejects.toMatchObject({ code: 'not_ready', hint: expect.any(String) as string });
    await expectApplied(embedded, 'd', 6);
    expect(
      (await embedded.service.lag())
        .filter(({ topic }) => topic === 'tip.served')
        .map(({ partition, status, lag_records }) => [partition, status, lag_records]),
    ).toEqual([
      [0, 'stop', 2],
      [1, 'ok', 0],
    ]);
  });

  it('that disappeared stop the partition too', async () => {
    const embedded = await withEvents();
    const other = new Database(embedded.statePath(1));
    other.exec('DELETE FROM position');
    other.close();
    await embedded.produce('tip.served', served('d', 9));
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'stale_owner',
      message: expect.stringContaining('is not set') as string,
    });
  });

  it('below the low end of the log stop the partition at the next start, and nothing is reset', async () => {
    const embedded = await withEvents();
    await embedded.stop();
    for (let i = 5; i < 8; i++) await embedded.produce('tip.served', ...IN.flat().map((user) => served(user, i)));
    await embedded.log.truncateBefore('tip.served', 0, 12);
    const before = rowsOf(embedded, 0);
    await embedded.start();
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'offset_out_of_range',
      message: expect.stringContaining('2 records were deleted before they were applied') as string,
      hint: expect.stringContaining('Nothing was reset') as string,
    });
    await expectApplied(embedded, 'd', 8);
    expect(rowsOf(embedded, 0)).toEqual(before);
  });

  it('of a topic that was empty count as positions: what is deleted before it is applied is missed, and said so', async () => {
    const embedded = await withEvents();
    await embedded.stop();
    await embedded.produce(
      'tip.feedback',
      ...[1, 2, 3].map((i) => ({ user_id: 'a', tip_id: `t${i}`, action: 'done', reacted_at_ms: 2_000 })),
    );
    await embedded.log.truncateBefore('tip.feedback', 0, 2);
    await embedded.start();
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'offset_out_of_range',
      details: { topic: 'tip.feedback', partition: 0, applied: 0, low: 2 },
    });
  });

  it('at the low end of a log whose beginning is gone are where a first start begins', async () => {
    const embedded = await embeddedService(options);
    await embedded.produce('tip.served', ...[1, 2, 3].map((i) => served('a', i)));
    await embedded.log.truncateBefore('tip.served', 0, 2);
    await embedded.catchUp();
    expect((await embedded.service.profile('a')).features.tip_volume_30d).toBe(1);
  });

  it('beyond the end of the log stop the partition: it is another log', async () => {
    const first = await withEvents();
    const directory = first.directory;
    await first.stop();
    await first.log.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(directory, LOG_FILE_NAME + suffix), { force: true });
    const embedded = await EmbeddedService.open(directory, options);
    await embedded.produce('tip.served', served('a', 1), served('d', 1));
    const before = [rowsOf(embedded, 0), rowsOf(embedded, 1)];
    await embedded.start();
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'offset_out_of_range',
      message: expect.stringContaining('the topic was recreated or lost its tail') as string,
    });
    expect(embedded.service.status().partitions.map(({ state }) => state)).toEqual(['stopped', 'stopped']);
    expect([rowsOf(embedded, 0), rowsOf(embedded, 1)]).toEqual(before);
    await embedded.close();
  });
});

/** The partition of this user goes on: `tips` of them were served. */
async function expectApplied(embedded: EmbeddedService, userId: string, tips: number): Promise<void> {
  await expect.poll(async () => (await embedded.service.profile(userId)).features.tip_volume_30d).toBe(tips);
}
