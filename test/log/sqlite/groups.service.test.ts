/** Groups of the embedded log: how fast members wake, several log objects on one file, and handlers that misbehave. */
import { describe, expect, it } from 'vitest';
import type { Delivery, GroupMember, PartitionHandler } from '../../../src/log/port.js';
import { assignRanges } from '../../../src/log/sqlite/group.js';
import { expectCode, numbered, record } from '../contract/fixture.js';
import { sqliteLog, temporaryDirectory, topicOf } from '../../support/log/sqlite-logs.js';

/** Longer than any test: whatever arrives was told directly. */
const NEVER_POLL_MS = 3_600_000;

function handlerOf(calls: Partial<PartitionHandler> = {}): PartitionHandler {
  return { positions: () => new Map(), ready: () => {}, deliver: () => true, revoked: () => {}, failed: () => {}, ...calls };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

describe('an append', () => {
  it('wakes the members and tails of every log object of the process, without polling', async () => {
    const directory = await temporaryDirectory();
    const writer = await sqliteLog({ directory, pollIntervalMs: NEVER_POLL_MS });
    const reader = await sqliteLog({ directory, pollIntervalMs: NEVER_POLL_MS });
    await writer.createTopics([topicOf('t', 1)]);
    const delivered = [deferred<Delivery>(), deferred<Delivery>()];
    for (const [index, log] of [writer, reader].entries()) {
      await log.join({
        group: `g${index}`,
        topics: ['t'],
        handler: handlerOf({ deliver: (delivery) => (delivered[index]!.resolve(delivery), true) }),
      });
    }
    const abort = new AbortController();
    const read = (async () => {
      for await (const records of reader.read({ topic: 't', partition: 0, from: 0, signal: abort.signal })) return records.length;
      return 0;
    })();
    await writer.append(numbered('t', 0, 2));
    for (const { promise } of delivered) expect(await promise).toMatchObject({ fromOffset: 0, nextOffset: 2, endOffset: 2 });
    expect(await read).toBe(2);
  });
});

describe('a group', () => {
  it('may span log objects: their members split the partitions', async () => {
    const directory = await temporaryDirectory();
    const logs = [await sqliteLog({ directory }), await sqliteLog({ directory })];
    await logs[0]!.createTopics([topicOf('t', 3)]);
    const owned = [new Set<number>(), new Set<number>()];
    const asked: number[] = [];
    const members: GroupMember[] = [];
    for (const [index, log] of logs.entries()) {
      const mine = owned[index]!;
      const handler = handlerOf({
        positions: (partition) => {
          asked.push(partition);
          mine.add(partition);
          return new Map();
        },
        revoked: (partition) => void mine.delete(partition),
      });
      members.push(await log.join({ group: 'g', topics: ['t'], handler, address: `http://127.0.0.1:${index}` }));
    }
    expect(owned.map((each) => [...each])).toEqual([[0, 1], [2]]);
    expect([...(await members[0]!.owners())]).toEqual([
      [0, 'http://127.0.0.1:0'],
      [1, 'http://127.0.0.1:0'],
      [2, 'http://127.0.0.1:1'],
    ]);
    // Only the partition that moved was asked for again.
    expect(asked).toEqual([0, 1, 2, 2]);
    await logs[0]!.close();
    expect(owned.map((each) => [...each].sort())).toEqual([[], [0, 1, 2]]);
  });

  it('is forgotten when the last member leaves', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1), topicOf('u', 1)]);
    const member = await log.join({ group: 'g', topics: ['t'], handler: handlerOf() });
    await expectCode(log.join({ group: 'g', topics: ['u'], handler: handlerOf() }), 'invalid_argument');
    await member.stop();
    await log.join({ group: 'g', topics: ['u'], handler: handlerOf() });
  });

  it('refuses topics of different partition counts', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1), topicOf('u', 2)]);
    const error = await expectCode(log.join({ group: 'g', topics: ['t', 'u'], handler: handlerOf() }), 'invalid_argument');
    expect(error.details).toMatchObject({ partitions: { t: 1, u: 2 } });
  });

  it.each(['positions', 'deliver'] as const)('loses a member whose handler throws in %s, and the others go on', async (call) => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 2)]);
    await log.append([...numbered('t', 0, 1), ...numbered('t', 1, 1)]);
    const failed = deferred<Error>();
    const throwing = handlerOf({
      [call]: () => {
        throw new Error('not today');
      },
      failed: failed.resolve,
    });
    await log.join({ group: 'g', topics: ['t'], handler: throwing });
    const deliveries: Delivery[] = [];
    const all = deferred<void>();
    const sound = handlerOf({ deliver: (delivery) => (deliveries.push(delivery) === 2 && all.resolve(), true) });
    await log.join({ group: 'g', topics: ['t'], handler: sound });
    expect((await failed.promise).message).toBe('not today');
    await all.promise;
    expect(deliveries.map((each) => each.partition).sort()).toEqual([0, 1]);
  });
});

describe('a handler', () => {
  it('may resume, commit and stop from within deliver', async () => {
    const log = await sqliteLog();
    await log.createTopics([topicOf('t', 1)]);
    await log.append(numbered('t', 0, 2500));
    let calls = 0;
    const stopped = deferred<void>();
    const member: GroupMember = await log.join({
      group: 'g',
      topics: ['t'],
      handler: handlerOf({
        deliver: ({ nextOffset }) => {
          calls += 1;
          void member.commit(0, new Map([['t', nextOffset]]));
          if (calls === 2) void member.stop().then(stopped.resolve);
          else member.resume('t', 0);
          return false;
        },
      }),
    });
    await stopped.promise;
    await log.append([record('t', 0, 'one more')]);
    expect(calls).toBe(2);
  });
});

describe('assignRanges', () => {
  it.each([
    [4, ['a'], ['a', 'a', 'a', 'a']],
    [4, ['a', 'b'], ['a', 'a', 'b', 'b']],
    [5, ['a', 'b', 'c'], ['a', 'a', 'b', 'b', 'c']],
    [2, ['a', 'b', 'c'], ['a', 'b']],
    [2, [], [undefined, undefined]],
  ])('deals %d partitions to %j', (partitions, members, expected) => {
    expect(assignRanges(partitions, members)).toEqual(expected);
  });
});
