/** A group's member where kafkajs' own consumer resets offsets, loses records or crashes without a word. */
import kafkajs, { type Admin } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TipstreamError } from '../../../src/errors.js';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log, NewRecord } from '../../../src/log/port.js';
import { pause } from '../../../src/back-off.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { javaTool, javaToolsInstalled } from '../../support/broker/tools.js';
import { deleteBefore, newTopic, readAll } from '../../support/broker/topics.js';

const brokers = await sharedBroker();
const withJava = await javaToolsInstalled();
const numbered = (topic: string, count: number, partition = 0): NewRecord[] =>
  Array.from({ length: count }, (_, index) => ({ topic, partition, key: null, value: Buffer.from(String(index)) }));

describe.skipIf(brokers === null)('a member on Kafka', () => {
  let log: Log;
  let admin: Admin;

  beforeAll(async () => {
    log = await openKafkaLog({ brokers: [brokers!] });
    admin = new kafkajs.Kafka({ brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING }).admin();
    await admin.connect();
  });
  afterAll(async () => {
    await log.close();
    await admin.disconnect();
  });

  /** A group that has committed an offset, as an earlier run of the same service did. */
  async function committedGroup(topic: string, offset: number): Promise<string> {
    const group = `group-${randomUUID()}`;
    const handler = new CollectingHandler();
    const member = await log.join({ group, topics: [topic], handler });
    await handler.until(() => handler.assigned.length > 0, 'an assignment');
    await member.commit(0, new Map([[topic, offset]]));
    await member.stop();
    return group;
  }

  it.each([
    ['below the low end', 1],
    ['beyond the end', 99],
  ])('whose position is %s neither reads nor resets anything when the handler refuses it', async (_, start) => {
    const topic = await newTopic(log, 2);
    await log.append([...numbered(topic, 10, 0), ...numbered(topic, 10, 1)]);
    const group = await committedGroup(topic, 7);
    await deleteBefore(admin, topic, { 0: 5 });
    const handler = new CollectingHandler({ [`${topic}/0`]: start });
    handler.onReady = (partition, ranges) => {
      const { low, end } = ranges.get(topic)!;
      if (partition === 0 && (start < low || start > end)) throw new Error('not in the log');
    };
    const member = await log.join({ group, topics: [topic], handler });
    await handler.until(() => handler.position(topic, 1) === 10, 'the sound partition');
    await log.append([...numbered(topic, 5, 0), ...numbered(topic, 5, 1)]);
    await handler.until(() => handler.position(topic, 1) === 15, 'the sound partition again');
    await member.stop();
    expect(handler.records.filter(({ partition }) => partition === 0)).toEqual([]);
    expect(handler.failures).toEqual([]);
    expect(await log.committed(group, topic)).toEqual(new Map([[0, 7]]));
  });

  it('fails when the records it was about to read are deleted', async () => {
    const topic = await newTopic(log);
    await log.append(numbered(topic, 3));
    const group = await committedGroup(topic, 1);
    const handler = new CollectingHandler();
    handler.onDeliver = () => false;
    const member = await log.join({ group, topics: [topic], handler });
    await handler.until(() => handler.position(topic, 0) === 3, 'the first records');
    await log.append(numbered(topic, 3));
    await deleteBefore(admin, topic, { 0: 5 });
    member.resume(topic, 0);
    await handler.until(() => handler.failures.length > 0, 'the failure');
    expect(handler.failures[0]).toBeInstanceOf(TipstreamError);
    expect(handler.failures[0]).toMatchObject({ code: 'offset_out_of_range', details: { topic, partition: 0, offset: 3, low: 5 } });
    expect(handler.records).toHaveLength(3);
    expect(await log.committed(group, topic)).toEqual(new Map([[0, 1]]));
  });

  it('fails when the partition count has changed, and a send to a new partition is not lost', async () => {
    const topic = await newTopic(log, 2);
    const group = `group-${randomUUID()}`;
    await log.append(numbered(topic, 1));
    const before = new CollectingHandler();
    await log.join({ group, topics: [topic], handler: before });
    await before.until(() => before.position(topic, 0) === 1, 'the record');
    await admin.createPartitions({ topicPartitions: [{ topic, count: 3 }] });
    await expect.poll(async () => (await log.offsets(topic)).size, { timeout: 10_000 }).toBe(3);
    expect(await log.append(numbered(topic, 2, 2))).toEqual([
      { topic, partition: 2, offset: 0 },
      { topic, partition: 2, offset: 1 },
    ]);

    const after = new CollectingHandler();
    const member = await log.join({ group, topics: [topic], handler: after });
    await before.until(() => before.failures.length > 0, 'the failure');
    expect(before.failures[0]).toMatchObject({ code: 'partition_count_changed' });
    await after.until(() => after.assigned.length === 3, 'the new member to own all');
    await member.stop();
  });

  it('joins again when what it was writing is written, so that a new owner finds it', async () => {
    const topic = await newTopic(log, 2);
    const group = `group-${randomUUID()}`;
    const [first, second] = [new CollectingHandler(), new CollectingHandler()];
    const seen: string[] = [];
    first.onRejoining = async () => {
      seen.push(`rejoining, the other has ${second.assigned.length}`);
      await pause(1_500);
      seen.push(`written, the other has ${second.assigned.length}`);
    };
    first.onJoined = () => seen.push(`joined with ${first.assigned.length}`);
    const members = [await log.join({ group, topics: [topic], handler: first })];
    members.push(await log.join({ group, topics: [topic], handler: second }));
    await second.until(() => second.assigned.length === 1, 'a partition');
    await first.until(() => seen.length === 4, 'the other partition');
    expect(seen).toEqual(['joined with 2', 'rejoining, the other has 0', 'written, the other has 0', 'joined with 1']);
    await Promise.all(members.map((member) => member.stop()));
  });

  it('and others may ask for topics while some are made', async () => {
    const known = await newTopic(log, 3);
    for (let round = 0; round < 20; round++) {
      const made = newTopic(log, 2);
      const asked = Promise.all(Array.from({ length: 4 }, () => log.offsets(known)));
      expect((await asked).map((offsets) => offsets.size)).toEqual([3, 3, 3, 3]);
      expect((await log.offsets(await made)).size).toBe(2);
    }
  });

  it('is not needed to wait for records that a read was asked for before they were there', async () => {
    const topic = await newTopic(log);
    await log.append(numbered(topic, 2));
    const values: string[] = [];
    const reading = (async () => {
      for await (const records of log.read({ topic, partition: 0, from: 1, to: 4 }))
        values.push(...records.map(({ value }) => value!.toString()));
    })();
    await log.append(numbered(topic, 3));
    await reading;
    expect(values).toEqual(['1', '0', '1']);
  });

  it('refuses topics that differ in their partitions', async () => {
    const topics = [await newTopic(log, 2), await newTopic(log, 3)];
    const joining = log.join({ group: `group-${randomUUID()}`, topics, handler: new CollectingHandler() });
    await expect(joining).rejects.toMatchObject({ code: 'partition_count_changed' });
  });

  it('writes the records around one that is too large', async () => {
    const topic = await newTopic(log, 2);
    const large = { topic, partition: 0, key: null, value: Buffer.alloc(1_100_000) };
    const calls = [
      log.append(numbered(topic, 50)),
      log.append([large]),
      log.append(numbered(topic, 50)),
      log.append(numbered(topic, 50, 1)),
      log.append([{ ...large, value: Buffer.alloc(900_000, 'a') }]),
      log.append([{ ...large, value: Buffer.alloc(900_000, 'b') }]),
    ];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'record_too_large', details: { topic, partition: 0 } });
    expect((await readAll(log, topic)).map(({ value }) => (value!.length > 10 ? value!.toString('utf8', 0, 1) : Number(value)))).toEqual([
      ...Array.from({ length: 50 }, (_, index) => index),
      ...Array.from({ length: 50 }, (_, index) => index),
      'a',
      'b',
    ]);
    expect(await readAll(log, topic, 1)).toHaveLength(50);
  });

  it('splits a batch that only together is too large for its topic', async () => {
    const topic = `kafka-test.${randomUUID()}`;
    await log.createTopics([{ name: topic, partitions: 1, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: 1000 }]);
    const records = Array.from({ length: 40 }, (_, index) => ({
      topic,
      partition: 0,
      key: null,
      value: Buffer.alloc(300, String.fromCharCode(65 + index)),
    }));
    const addresses = await log.append(records);
    expect(addresses.map(({ offset }) => offset)).toEqual(records.map((_, index) => index));
    expect((await readAll(log, topic)).map(({ value }) => value)).toEqual(records.map(({ value }) => value));
  });

  it.skipIf(!withJava)("is a consumer group that Kafka's own tools know, with its lag", async () => {
    const topic = await newTopic(log, 2);
    const group = `group-${randomUUID()}`;
    await log.append([...numbered(topic, 10, 0), ...numbered(topic, 4, 1)]);
    const handler = new CollectingHandler();
    const member = await log.join({ group, topics: [topic], handler, address: 'http://127.0.0.1:8080' });
    await handler.until(() => handler.records.length === 14, 'all records');
    await member.commit(0, new Map([[topic, 8]]));
    await member.commit(1, new Map([[topic, 4]]));
    const described = await javaTool('consumer-groups', ['--bootstrap-server', brokers!, '--describe', '--group', group]);
    const rows = described
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([name]) => name === group);
    expect(rows.map((row) => row.slice(1, 6)).toSorted()).toEqual([
      [topic, '0', '8', '10', '2'],
      [topic, '1', '4', '4', '0'],
    ]);
    await member.stop();
  });
});
