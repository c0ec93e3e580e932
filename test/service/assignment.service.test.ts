/**
 * What happens between the assignment of a partition and its first record: the log is compared with what was applied last, and nothing
 * is applied before.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test, vi } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { LogRecord } from '../../src/log/port.js';
import { LOG_FILE_NAME } from '../../src/log/sqlite/index.js';
import { embeddedService } from '../support/embedded/directory.js';
import { turns, type EmbeddedService } from '../support/embedded/service.js';

/** Users by partition (of 2). */
const [HERE, THERE] = ['a', 'd'];
const served = (user_id: string, i: number) => ({ user_id, tip_id: `t${i}`, served_at_ms: 1_000 + i });
const candidates = [{ tip_id: 'c', is_overdue: false, task_age_days: 1, priority: 1 }];

async function applied(): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, clock: () => 9_000 });
  expect([HERE, THERE].map((user) => embedded.partitionOf(user))).toEqual([0, 1]);
  for (let i = 0; i < 5; i++) await embedded.produce('tip.served', served(HERE, i), served(THERE, i));
  await embedded.catchUp();
  await embedded.stop();
  return embedded;
}

const applications = (embedded: EmbeddedService, partition: number) => ({
  positions: embedded.query(partition, 'SELECT * FROM position'),
  tips: embedded.query(partition, 'SELECT * FROM tip'),
});
const stateOf = (embedded: EmbeddedService) => embedded.service.status().partitions.map(({ state, error }) => error?.code ?? state);

/** Reads of single records, as the comparison makes them, wait until `release`, or answer as the test says. */
function gate(embedded: EmbeddedService) {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const read = embedded.log.read.bind(embedded.log);
  const spy = vi.spyOn(embedded.log, 'read').mockImplementation(async function* (range): AsyncGenerator<readonly LogRecord[]> {
    await released;
    yield* read(range);
  });
  return { release, reads: spy };
}

describe('a log whose record was exchanged', () => {
  test('stops the partition before it applies anything, and the others go on', async () => {
    const embedded = await applied();
    await embedded.produce('tip.served', served(HERE, 7), served(THERE, 7));
    const log = new Database(join(embedded.directory, LOG_FILE_NAME));
    const { changes } = log
      .prepare(
        "UPDATE record SET value = CAST(replace(CAST(value AS TEXT), 't4', 'x4') AS BLOB) WHERE partition = 0 AND offset " +
          "= 4 AND topic_id = (SELECT topic_id FROM topic WHERE name = 'tip.served')",
      )
      .run();
    log.close();
    expect(changes).toBe(1);
    const before = applications(embedded, 0);
    await embedded.start();
    await expect(embedded.service.caughtUp()).rejects.toMatchObject({
      code: 'log_changed',
      details: { topic: 'tip.served', partition: 0, offset: 4 },
    });
    await vi.waitFor(() => expect(stateOf(embedded)).toEqual(['log_changed', 'running']), 60_000);
    await expect(embedded.service.profile(HERE)).rejects.toMatchObject({
      code: 'not_ready',
      message: expect.stringContaining('another record') as string,
    });
    await vi.waitFor(async () => expect((await embedded.service.profile(THERE)).features['tip_volume_30d']).toBe(6), 60_000);
    await embedded.stop();
    expect(applications(embedded, 0)).toEqual(before);
  });
});

describe('what comes while the log is compared', () => {
  test('waits, as much as a worker would let wait, and is applied when that has passed', async () => {
    const embedded = await applied();
    for (let i = 0; i < 5; i++)
      await embedded.append(
        ...Array.from({ length: 6_000 }, (_, n) => ({
          topic: 'tip.served',
          partition: 0,
          key: Buffer.from(HERE),
          value: Buffer.from(JSON.stringify(served(HERE, 10 + i * 6_000 + n))),
        })),
      );
    const { release } = gate(embedded);
    const before = applications(embedded, 0);
    const starting = embedded.start();
    await vi.waitFor(() => expect(embedded.service.status().partitions[0]?.lag_records).toBeGreaterThan(20_000), 60_000);
    await turns(50);
    expect(embedded.service.status().partitions[0]!.lag_records).toBeLessThan(30_000);
    expect(stateOf(embedded)).toEqual(['restoring', 'restoring']);
    expect(applications(embedded, 0)).toEqual(before);
    await expect(embedded.service.score({ user_id: HERE, decision_id: 'd1', candidates })).rejects.toMatchObject({ code: 'not_ready' });
    release();
    await starting;
    await embedded.service.caughtUp();
    expect((await embedded.service.profile(HERE, 1_000_000)).features['tip_volume_30d']).toBe(30_005);
  });

  test('is given up with the partition, and nothing of it is applied', async () => {
    const embedded = await applied();
    const { release, reads } = gate(embedded);
    await embedded.produce('tip.served', served(HERE, 7));
    const before = applications(embedded, 0);
    const starting = embedded.start();
    await vi.waitFor(() => expect(embedded.service.status().partitions[0]?.lag_records).toBe(1), 60_000);
    await embedded.stop();
    release();
    await starting;
    await turns(50);
    expect(applications(embedded, 0)).toEqual(before);
    reads.mockRestore();
    await embedded.catchUp();
    expect((await embedded.service.profile(HERE)).features['tip_volume_30d']).toBe(6);
  });

  test('waits for a log that is away, which is said', async () => {
    const embedded = await applied();
    await embedded.produce('tip.served', served(HERE, 7));
    const read = embedded.log.read.bind(embedded.log);
    let failures = 3;
    vi.spyOn(embedded.log, 'read').mockImplementation((range) => {
      if (failures-- > 0) throw new TipstreamError('log_unavailable', 'no broker answers');
      return read(range);
    });
    await embedded.catchUp();
    expect((await embedded.service.profile(HERE)).features['tip_volume_30d']).toBe(6);
    expect(embedded.logged.filter(({ msg, level }) => level === 40 && msg.includes('could not be compared'))).not.toEqual([]);
  });

  test('includes what an earlier run still owes: being caught up waits for it too', async () => {
    const embedded = await applied();
    await embedded.start();
    embedded.faults.failAppends(0, 'refused');
    await embedded.produce('tip.candidates', { decision_id: 'd1', user_id: HERE, requested_at_ms: 8_000, candidates });
    await vi.waitFor(() => expect(embedded.query(0, 'SELECT * FROM outbox')).not.toEqual([]), 60_000);
    await embedded.kill();
    expect(await embedded.scored()).toEqual([]);
    const { release } = gate(embedded);
    const starting = embedded.start();
    await vi.waitFor(() => expect(embedded.service.status().partitions).toHaveLength(2), 60_000);
    const caughtUp = embedded.service.caughtUp();
    await turns(50);
    release();
    await starting;
    await caughtUp;
    expect((await embedded.scored()).map(({ decision_id }) => decision_id)).toEqual(['d1']);
  });
});

test('a partition of which nothing was applied begins at once', async () => {
  const embedded = await embeddedService({ partitions: 2 });
  const reads = vi.spyOn(embedded.log, 'read');
  await embedded.start();
  expect(reads).not.toHaveBeenCalled();
  await vi.waitFor(() => expect(stateOf(embedded)).toEqual(['running', 'running']), 60_000);
});
