/** A log that is exchanged under running partitions. */
import { describe, expect, test } from 'vitest';
import { LogWatch, type Watched } from '../../src/service/log-watch.js';
import { TipstreamError } from '../../src/errors.js';
import type { Log, LogRecord } from '../../src/log/port.js';
import { recordHash } from '../../src/log/record-hash.js';
import type { AppliedRecord } from '../../src/log/record-hash.js';

const TOPIC = 'tip.served';

/** Two partitions of one topic whose records are texts, and that are always applied to the end. */
class World {
  readonly records: string[][] = [
    ['a', 'b'],
    ['c', 'd'],
  ];
  readonly failed: [partition: number, code: string][] = [];
  low = 0;
  away = false;
  reads = 0;
  readonly log = {
    offsets: async () => {
      if (this.away) throw new TipstreamError('log_unavailable', 'no broker answers');
      return new Map(this.records.map((records, partition) => [partition, { low: this.low, end: records.length }]));
    },
    read: async function* (this: World, { partition, from }: { partition: number; from: number }) {
      this.reads++;
      yield [this.record(partition, from)];
    }.bind(this),
  } as unknown as Log;

  record(partition: number, offset: number): LogRecord {
    return {
      topic: TOPIC,
      partition,
      offset,
      timestampMs: 1,
      key: null,
      value: Buffer.from(this.records[partition]![offset]!),
      headers: [],
    };
  }

  get held(): Watched[] {
    return this.records.map((records, number) => {
      const last: AppliedRecord = { offset: records.length - 1, hash: recordHash(this.record(number, records.length - 1)) };
      return {
        number,
        reader: { path: `partition-${number}.db`, lastApplied: () => new Map([[TOPIC, last]]) },
        fail: (error) => void this.failed.push([number, error.code]),
      };
    });
  }

  write(...texts: string[]): void {
    for (const records of this.records) records.push(...texts);
  }
}

describe('a watch over the log', () => {
  test('says nothing while the log grows', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    for (let round = 0; round < 4; round++) {
      await watch.look(world.held);
      world.write('more', 'and more');
    }
    expect(world.failed).toEqual([]);
    expect(world.reads).toBe(3 * 2);
  });

  test('stops the partition whose log was filled anew and applied on, and only that one', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    await watch.look(world.held);
    world.records[0] = ['x', 'y', 'z', 'applied too'];
    await watch.look(world.held);
    expect(world.failed).toEqual([[0, 'log_changed']]);
  });

  test('remembers over a time when the log is away', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    await watch.look(world.held);
    world.records[1] = ['x', 'y', 'z'];
    world.away = true;
    await expect(watch.look(world.held)).rejects.toMatchObject({ code: 'log_unavailable' });
    world.away = false;
    await watch.look(world.held);
    expect(world.failed).toEqual([[1, 'log_changed']]);
  });

  test('cannot tell where the record is deleted, and goes on from the next one', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    await watch.look(world.held);
    world.write('c');
    world.low = 2;
    await watch.look(world.held);
    world.records[0]![2] = 'other';
    world.write('d');
    await watch.look(world.held);
    expect(world.failed).toEqual([[0, 'log_changed']]);
  });

  test('leaves a log that became shorter to those who read it', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    const held = world.held;
    await watch.look(held);
    world.records[0] = [];
    await watch.look(held);
    expect(world.failed).toEqual([]);
  });

  test('forgets what is held no more', async () => {
    const world = new World();
    const watch = new LogWatch(world.log, [TOPIC]);
    await watch.look(world.held);
    await watch.look([]);
    world.records[0] = ['x', 'y'];
    await watch.look(world.held);
    expect(world.failed).toEqual([]);
  });
});
