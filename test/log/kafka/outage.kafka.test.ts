/** The broker is killed under load and comes back: nothing is lost, nothing is repeated, and order stays. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log, LogRecord } from '../../../src/log/port.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { startBroker } from '../../support/broker/broker.js';
import { newTopic, readAll } from '../../support/broker/topics.js';

const PARTITIONS = 4;
const CALL_RECORDS = 5;
const broker = await startBroker({ own: true });
afterAll(() => broker?.stop());

const text = ({ value }: LogRecord): string => value!.toString();

describe.skipIf(broker === null)('a broker that is killed and restarted under load', () => {
  let log: Log;
  const retried: string[] = [];
  const crashes: string[] = [];

  beforeAll(async () => {
    log = await openKafkaLog({
      brokers: [broker!.brokers],
      log: (_, message) => {
        if (message.includes('tried again')) retried.push(message);
        if (message.includes('joins again')) crashes.push(message);
      },
    });
  });
  afterAll(() => log?.close());

  it('loses and repeats nothing, for appends, a member and a tail', async () => {
    const topic = await newTopic(log, PARTITIONS);
    const handler = new CollectingHandler();
    const member = await log.join({ group: 'outage', topics: [topic], handler, address: 'http://127.0.0.1:8080' });
    const tailed: LogRecord[] = [];
    const stopTail = new AbortController();
    const tail = (async () => {
      for await (const records of log.read({ topic, partition: 0, from: 0, signal: stopTail.signal })) tailed.push(...records);
    })();

    let running = true;
    const written = new Map<number, string[]>();
    const load = Array.from({ length: PARTITIONS }, async (_, partition) => {
      const values: string[] = [];
      written.set(partition, values);
      while (running) {
        const call = Array.from({ length: CALL_RECORDS }, (_, index) => `${partition}-${values.length + index}`);
        const addresses = await log.append(call.map((value) => ({ topic, partition, key: null, value: Buffer.from(value) })));
        expect(addresses.map(({ offset }) => offset)).toEqual(call.map((_, index) => values.length + index));
        values.push(...call);
      }
    });
    const total = (): number => [...written.values()].reduce((count, values) => count + values.length, 0);
    const delivered = async (count: number): Promise<void> => {
      const from = handler.records.length;
      await handler.until(() => handler.records.length >= from + count, `${count} more records`);
    };

    await delivered(2000);
    for (let outage = 0; outage < 2; outage++) {
      await broker!.kill();
      const before = total();
      await broker!.restart();
      await delivered(2000);
      expect(total()).toBeGreaterThan(before);
    }
    running = false;
    await Promise.all(load);
    await member.commit(0, new Map([[topic, 1]]));
    expect(await log.committed('outage', topic)).toEqual(new Map([[0, 1]]));
    expect([...(await member.owners()).keys()]).toHaveLength(PARTITIONS);
    expect(await log.describeTopics([topic])).toMatchObject([{ name: topic, partitions: PARTITIONS }]);
    await handler.until(() => handler.records.length >= total(), 'everything');
    await expect.poll(() => tailed.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(written.get(0)!.length);
    stopTail.abort();
    await tail;
    await member.stop();

    expect(handler.failures).toEqual([]);
    expect(crashes, 'a member that begins anew waits until its first session is over').toEqual([]);
    expect(retried).toContain('An append failed and is tried again');
    expect(retried).toContain('A fetch failed and is tried again');
    expect(tailed.map(text)).toEqual(written.get(0));
    for (const [partition, values] of written) {
      expect((await readAll(log, topic, partition)).map(text)).toEqual(values);
      expect(handler.records.filter((record) => record.partition === partition).map(text)).toEqual(values);
    }
  }, 240_000);

  it('says log_unavailable, with the address, while it is away', async () => {
    await broker!.kill();
    try {
      await expect(openKafkaLog({ brokers: [broker!.brokers] })).rejects.toMatchObject({
        code: 'log_unavailable',
        retryable: true,
        message: expect.stringContaining(broker!.brokers) as string,
        hint: expect.stringContaining('brokers run') as string,
      });
    } finally {
      await broker!.restart();
    }
  });
});
