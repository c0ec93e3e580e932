/** Members with other topics in one group: each set of topics is dealt out among its own subscribers, and each is told its own owners. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log } from '../../../src/log/port.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { newTopic } from '../../support/broker/topics.js';

const brokers = await sharedBroker();

describe.skipIf(brokers === null)('a group of members with other topics', () => {
  let log: Log;
  beforeAll(async () => void (log = await openKafkaLog({ brokers: [brokers!] })));
  afterAll(() => log?.close());

  it('leaves no partition unread, whoever leads it, and names as owners only who reads the same topics', async () => {
    const [one, other] = [await newTopic(log, 2), await newTopic(log, 4)];
    const group = `group-${randomUUID()}`;
    const join = async (topic: string, address: string) => {
      const handler = new CollectingHandler();
      return { handler, member: await log.join({ group, topics: [topic], handler, address }) };
    };
    const a = await join(one, 'http://a');
    const b = await join(other, 'http://b');
    const c = await join(other, 'http://c');
    const shares = () => [a, b, c].map(({ handler }) => handler.assigned.length);
    await expect.poll(shares, { timeout: 60_000 }).toEqual([2, 2, 2]);
    await log.append(
      [one, other].flatMap((topic) =>
        Array.from({ length: topic === one ? 2 : 4 }, (_, partition) => ({ topic, partition, key: null, value: Buffer.from('x') })),
      ),
    );
    await expect.poll(() => [a, b, c].map(({ handler }) => handler.records.length), { timeout: 60_000 }).toEqual([2, 2, 2]);
    expect([...(await a.member.holders())!].sort()).toEqual([0, 1].map((partition) => [partition, { address: 'http://a', isSelf: true }]));
    const owners = await b.member.owners();
    expect([...owners.keys()].sort()).toEqual([0, 1, 2, 3]);
    expect([...new Set(owners.values())].sort()).toEqual(['http://b', 'http://c']);
    for (const { member, handler } of [a, b, c]) {
      await member.stop();
      expect(handler.failures).toEqual([]);
    }
  });
});
