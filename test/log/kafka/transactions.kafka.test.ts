/** Other people's transactions: what was aborted is never seen, markers are passed over, and an open one hides what follows it. */
import kafkajs, { type Producer } from 'kafkajs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log, LogRecord } from '../../../src/log/port.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { newTopic, readAll } from '../../support/broker/topics.js';

const brokers = await sharedBroker();
const texts = (records: readonly LogRecord[]): string[] => records.map(({ value }) => value!.toString());

describe.skipIf(brokers === null)('transactions', () => {
  let log: Log;
  const producers: Producer[] = [];

  beforeAll(async () => {
    log = await openKafkaLog({ brokers: [brokers!] });
  });
  afterAll(async () => {
    await log.close();
    await Promise.all(producers.map((producer) => producer.disconnect()));
  });

  async function transactional(): Promise<Producer> {
    const producer = new kafkajs.Kafka({ brokers: [brokers!], logLevel: kafkajs.logLevel.NOTHING }).producer({
      transactionalId: `tx-${randomUUID()}`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    producers.push(producer);
    await producer.connect();
    return producer;
  }

  async function write(
    producer: Producer,
    topic: string,
    values: string[],
    end: 'commit' | 'abort',
    key: Buffer | null = null,
  ): Promise<void> {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: values.map((value) => ({ key, value, partition: 0 })) });
    await transaction[end]();
  }

  async function expectBoth(topic: string, expected: string[], end: number): Promise<void> {
    // The coordinator answers before it has written the markers.
    await expect.poll(async () => (await log.offsets(topic)).get(0)).toEqual({ low: 0, end });
    expect(texts(await readAll(log, topic))).toEqual(expected);
    const handler = new CollectingHandler();
    const member = await log.join({ group: `tx-${topic}`, topics: [topic], handler });
    await handler.until(() => handler.position(topic, 0) === end, 'the end of the log');
    await member.stop();
    expect(texts(handler.records)).toEqual(expected);
    expect(handler.failures).toEqual([]);
  }

  it('reads what was committed and passes over the markers at the end', async () => {
    const topic = await newTopic(log);
    const producer = await transactional();
    await log.append([{ topic, partition: 0, key: null, value: Buffer.from('plain') }]);
    await write(producer, topic, ['committed-0', 'committed-1'], 'commit');
    await expectBoth(topic, ['plain', 'committed-0', 'committed-1'], 4);
  });

  it('leaves out what was aborted, and arrives at the end when nothing else follows', async () => {
    const topic = await newTopic(log);
    const producer = await transactional();
    await write(producer, topic, ['aborted-0', 'aborted-1'], 'abort');
    await write(producer, topic, ['committed'], 'commit');
    await write(producer, topic, ['aborted-2'], 'abort');
    await expectBoth(topic, ['committed'], 7);
  });

  it('arrives at the end of a log that holds nothing but an aborted transaction', async () => {
    const topic = await newTopic(log);
    await write(await transactional(), topic, ['aborted'], 'abort');
    await expectBoth(topic, [], 2);
  });

  it('is not misled by a record whose key looks like an abort marker', async () => {
    const topic = await newTopic(log);
    const producer = await transactional();
    await write(producer, topic, ['aborted-0', 'aborted-1', 'aborted-2'], 'abort', Buffer.alloc(4));
    await write(producer, topic, ['committed'], 'commit', Buffer.alloc(4));
    await expectBoth(topic, ['committed'], 6);
  });

  it('tells interleaved transactions of two producers apart, from any offset', async () => {
    const topic = await newTopic(log);
    const [first, second] = [await transactional(), await transactional()];
    const [one, two] = [await first.transaction(), await second.transaction()];
    const send = async (transaction: Awaited<ReturnType<Producer['transaction']>>, value: string): Promise<void> => {
      await transaction.send({ topic, messages: [{ key: null, value, partition: 0 }] });
    };
    await send(one, 'aborted-0');
    await send(two, 'kept-0');
    await send(one, 'aborted-1');
    await send(two, 'kept-1');
    await one.abort();
    await send(two, 'kept-2');
    await two.commit();
    await expectBoth(topic, ['kept-0', 'kept-1', 'kept-2'], 7);
    expect(texts(await readAll(log, topic, 0, 2))).toEqual(['kept-1', 'kept-2']);
  });

  it('ends where an open transaction begins, and goes on when it is committed', async () => {
    const topic = await newTopic(log);
    await log.append([{ topic, partition: 0, key: null, value: Buffer.from('before') }]);
    const transaction = await (await transactional()).transaction();
    await transaction.send({ topic, messages: [{ key: null, value: 'open', partition: 0 }] });
    await log.append([{ topic, partition: 0, key: null, value: Buffer.from('behind') }]);
    expect((await log.offsets(topic)).get(0)).toEqual({ low: 0, end: 1 });

    const handler = new CollectingHandler();
    const member = await log.join({ group: `tx-${topic}`, topics: [topic], handler });
    await handler.until(() => handler.position(topic, 0) === 1, 'what precedes the transaction');
    expect(handler.deliveries.at(-1)!.endOffset).toBe(1);
    await transaction.commit();
    await handler.until(() => handler.position(topic, 0) === 4, 'the rest');
    await member.stop();
    expect(texts(handler.records)).toEqual(['before', 'open', 'behind']);
  });
});
