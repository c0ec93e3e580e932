/** Batches compressed by other people's producers, librdkafka's and Java's, are read byte for byte, by a read and by a member. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CODEC_NAMES } from '../../../src/log/kafka/codecs.js';
import { Connection, partitionsOf } from '../../../src/log/kafka/connection.js';
import { fetchFrom } from '../../../src/log/kafka/fetch-request.js';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import type { Log } from '../../../src/log/port.js';
import { CollectingHandler } from '../../support/log/collecting-handler.js';
import { sharedBroker } from '../../support/broker/shared.js';
import { javaTool, javaToolsInstalled, kcat, kcatInstalled } from '../../support/broker/tools.js';
import { newTopic, readAll } from '../../support/broker/topics.js';

const brokers = await sharedBroker();
const [withKcat, withJava] = await Promise.all([kcatInstalled(), javaToolsInstalled()]);
const COMPRESSIONS = CODEC_NAMES.filter((name) => name !== 'none');

/** Compressible, in several snappy blocks, and with text that any change of bytes would show in. */
const LINES = Array.from({ length: 3000 }, (_, index) => ({
  key: `user-${index % 50}`,
  value: JSON.stringify({ user_id: `user-${index % 50}`, index, text: 'ünïcödé 用户 😀 '.repeat(1 + (index % 5)), noise: Math.sin(index) }),
}));
const INPUT = LINES.map(({ key, value }) => `${key}\t${value}\n`).join('');

describe.skipIf(brokers === null)('compressed batches', () => {
  let log: Log;
  let connection: Connection;

  beforeAll(async () => {
    log = await openKafkaLog({ brokers: [brokers!] });
    connection = await Connection.open({ brokers: [brokers!] });
  });
  afterAll(async () => {
    await log.close();
    await connection.close();
  });

  async function expectRead(topic: string, codec: string): Promise<void> {
    const [leader] = await partitionsOf(connection.reading, topic);
    const { partitions } = await fetchFrom(connection.reading, leader!.leader, [{ topic, partition: 0, offset: 0 }], 500);
    expect(CODEC_NAMES[partitions[0]!.records.readInt16BE(21) & 0x07]).toBe(codec);

    const read = await readAll(log, topic);
    const handler = new CollectingHandler();
    const member = await log.join({ group: `codecs-${topic}`, topics: [topic], handler });
    await handler.until(() => handler.records.length >= LINES.length, 'all records');
    await member.stop();
    for (const records of [read, handler.records]) {
      expect(records.map(({ key, value }) => ({ key: key?.toString(), value: value?.toString() }))).toEqual(LINES);
      expect(records.map(({ offset }) => offset)).toEqual(LINES.map((_, offset) => offset));
    }
  }

  it.skipIf(!withKcat).each(COMPRESSIONS)('%s from kcat', async (codec) => {
    const topic = await newTopic(log);
    await kcat(['-b', brokers!, '-P', '-t', topic, '-p', '0', '-z', codec, '-K', '\t', '-X', 'linger.ms=200'], INPUT);
    await expectRead(topic, codec);
  });

  it.skipIf(!withJava).each(COMPRESSIONS)('%s from the Java producer', async (codec) => {
    const topic = await newTopic(log);
    await javaTool(
      'console-producer',
      [
        '--bootstrap-server',
        brokers!,
        '--topic',
        topic,
        '--compression-codec',
        codec,
        '--property',
        'parse.key=true',
        '--timeout',
        '200',
        '--max-partition-memory-bytes',
        '200000',
      ],
      INPUT,
    );
    await expectRead(topic, codec);
  });

  it.skipIf(!withKcat)('reads from the middle of a compressed batch', async () => {
    const topic = await newTopic(log);
    await kcat(['-b', brokers!, '-P', '-t', topic, '-p', '0', '-z', 'lz4', '-K', '\t', '-X', 'linger.ms=200'], INPUT);
    const records: string[] = [];
    for await (const some of log.read({ topic, partition: 0, from: 1234, to: 1240 }))
      records.push(...some.map(({ value }) => value!.toString()));
    expect(records).toEqual(LINES.slice(1234, 1240).map(({ value }) => value));
  });
});
