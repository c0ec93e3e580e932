/** Fetching for a group member against a broker that answers when told: how far fetches are apart, and what is handed over when. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Connection } from '../../../src/log/kafka/connection.js';
import { Feeds } from '../../../src/log/kafka/feeds.js';
import type { FetchedPartition } from '../../../src/log/kafka/fetch-request.js';
import type { Cluster } from '../../../src/log/kafka/internals.js';
import { encodeBatch } from '../../../src/log/kafka/record-encoding.js';
import type { Delivery } from '../../../src/log/port.js';

const TOPICS = ['a', 'b', 'c'];
type Answer = (partitions: readonly FetchedPartition[]) => void;

/** Fetches that wait for new records, oldest first, each with how to answer it. */
let waiting: Answer[];
let asked: number;
let delivered: { readonly delivery: Delivery; readonly turn: number }[];
let turn: number;
let feeds: Feeds;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  [waiting, asked, delivered, turn] = [[], 0, [], 0];
  const tail = () =>
    new Promise((resolve) => {
      asked++;
      waiting.push((partitions) => resolve({ errorCode: 0, partitions }));
    });
  const connection = {
    reading: clusterThat(() => Promise.resolve({ errorCode: 0, partitions: TOPICS.map((topic) => fetched(topic, 0, 0)) })),
    newCluster: () => clusterThat(tail),
    closeCluster: () => Promise.resolve(),
    log: () => undefined,
    failure: (error: Error) => error,
  } as unknown as Connection;
  feeds = new Feeds(connection, {
    mayDeliver: () => true,
    deliver: (delivery) => delivered.push({ delivery, turn }) > 0,
    failed: (error) => expect.unreachable(String(error)),
    outOfRange: (_, error) => expect.unreachable(String(error)),
  });
  for (const topic of TOPICS) feeds.add(topic, 0, 0, 0);
  feeds.wake();
  await turns(20);
});
afterEach(async () => {
  await feeds.close();
  vi.useRealTimers();
});

function clusterThat(send: () => Promise<unknown>): Cluster {
  const broker = { versions: { 1: { minVersion: 4, maxVersion: 12 } }, connectionPool: { send } };
  return {
    targetTopics: new Set(TOPICS),
    connect: () => Promise.resolve(),
    refreshMetadataIfNecessary: () => Promise.resolve(),
    findBroker: () => Promise.resolve(broker),
    findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
  } as unknown as Cluster;
}

/** `count` records from offset `from` on. */
function fetched(topic: string, from: number, count: number): FetchedPartition {
  const one = { topic, key: Buffer.from('k'), value: Buffer.from('v'), timestampMs: 1 };
  const records =
    count === 0
      ? Buffer.alloc(0)
      : encodeBatch(
          Array.from({ length: count }, () => one),
          { producerId: -1n, epoch: -1, sequence: -1 },
        );
  if (count > 0) records.writeBigInt64BE(BigInt(from), 0);
  const own = Buffer.from(Uint8Array.from(records).buffer);
  return { topic, partition: 0, errorCode: 0, lastStableOffset: from + count, aborted: [], records: own };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    turn++;
  }
}

async function answer(...partitions: readonly FetchedPartition[]): Promise<void> {
  waiting.shift()!(partitions);
  await turns(20);
}

describe('fetches at the end of the log', () => {
  it('are at least 2 ms apart, so that what comes meanwhile shares one; the first after a quiet spell does not wait', async () => {
    expect(asked).toBe(1);
    await answer(fetched('a', 0, 1));
    expect(asked).toBe(1);
    vi.advanceTimersByTime(2);
    await turns(20);
    expect(asked).toBe(2);
    vi.advanceTimersByTime(10);
    await answer(fetched('a', 1, 1));
    expect(asked).toBe(3);
    expect(delivered.map(({ delivery }) => delivery.nextOffset)).toEqual([1, 2]);
  });
});

describe('records of one answer', () => {
  it('are handed over together, so that they can be folded in one batch', async () => {
    await answer(...TOPICS.map((topic) => fetched(topic, 0, 2)));
    expect(delivered.map(({ delivery }) => delivery.topic).toSorted()).toEqual(TOPICS);
    expect(new Set(delivered.map((each) => each.turn)).size).toBe(1);
  });

  it('let go of the event loop when they are many', async () => {
    await answer(...TOPICS.map((topic) => fetched(topic, 0, 600)));
    expect(delivered.map(({ delivery }) => delivery.records.length)).toEqual([600, 600, 600]);
    expect(new Set(delivered.map((each) => each.turn)).size).toBe(3);
  });
});
