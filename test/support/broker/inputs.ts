/**
 * Inputs as other people's producers and administrators make them: in transactions, some of them aborted, compressed, stamped by the
 * broker, compacted, cut off at either end.
 */
import { setTimeout as delay } from 'node:timers/promises';
import kafkajs, { type Admin, type IResourceConfigEntry, type Producer, type Transaction } from 'kafkajs';
import { onTestFinished } from 'vitest';
import type { TopicName } from '../../../src/topics.js';
import { toRecords, type ProduceLine } from '../e2e/events.js';
import type { Stream } from '../e2e/stream.js';
import { kcat } from './tools.js';

const PATIENCE_MS = 60_000;

function client(brokers: string): kafkajs.Kafka {
  return new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING });
}

/** Disconnected with the test. */
export async function kafkaAdmin(brokers: string): Promise<Admin> {
  const admin = client(brokers).admin();
  await admin.connect();
  onTestFinished(() => admin.disconnect());
  return admin;
}

/** Changes settings of topics and leaves their others as they are. */
export async function configureTopics(admin: Admin, settings: Readonly<Record<string, readonly IResourceConfigEntry[]>>): Promise<void> {
  const type = kafkajs.ConfigResourceTypes.TOPIC;
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: Object.keys(settings).map((name) => ({ type, name })),
  });
  await admin.alterConfigs({
    validateOnly: false,
    resources: resources.map(({ resourceName: name, configEntries }) => {
      const changed = settings[name]!;
      // The request replaces all of a topic's own settings.
      const kept = configEntries.filter(({ configName, isDefault }) => !isDefault && changed.every((entry) => entry.name !== configName));
      return {
        type,
        name,
        configEntries: [...kept.map(({ configName, configValue }) => ({ name: configName, value: configValue })), ...changed],
      };
    }),
  });
}

/** Deletes a topic and makes it anew, empty. */
export async function recreateTopic(stream: Stream, admin: Admin, topic: string): Promise<void> {
  await admin.deleteTopics({ topics: [topic] });
  // Deleting goes on for a moment after it was answered.
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(100)) {
    const created = await admin
      .createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions: stream.partitions, configEntries: [{ name: 'retention.ms', value: '-1' }] }],
      })
      .catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
        return false;
      });
    if (created) break;
  }
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(100)) {
    const known = await stream.log.offsets(topic).then(
      (ranges) => ranges.size === stream.partitions,
      (error: unknown) => {
        if (Date.now() > deadline) throw error;
        return false;
      },
    );
    if (known) return;
  }
}

/** A producer of transactions, each over all topics of its lines. */
export class TransactionalProducer {
  private constructor(
    private readonly stream: Stream,
    private readonly producer: Producer,
  ) {}

  /** Disconnected with the test. */
  static async connect(stream: Stream): Promise<TransactionalProducer> {
    const producer = client(stream.brokers).producer({
      transactionalId: `${stream.prefix}transactions`,
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    onTestFinished(() => producer.disconnect());
    return new TransactionalProducer(stream, producer);
  }

  async write(lines: readonly ProduceLine[], end: 'commit' | 'abort', compression = kafkajs.CompressionTypes.None): Promise<void> {
    await (await this.open(lines, compression))[end]();
  }

  /** Written, and neither committed nor aborted yet. */
  async open(lines: readonly ProduceLine[], compression = kafkajs.CompressionTypes.None): Promise<Transaction> {
    const transaction = await this.producer.transaction();
    for (const topic of new Set(lines.map((line) => line.topic))) {
      const records = toRecords(
        this.stream.prefix,
        lines.filter((line) => line.topic === topic),
      );
      await transaction.send({ topic: this.stream.topic(topic), compression, messages: records.map(({ key, value }) => ({ key, value })) });
    }
    return transaction;
  }
}

/** Writes the lines of one topic with kcat, compressed. */
export async function kcatLines(
  stream: Stream,
  topic: TopicName,
  codec: 'gzip' | 'zstd' | 'lz4' | 'snappy',
  lines: readonly ProduceLine[],
): Promise<void> {
  const input = lines
    .filter((line) => line.topic === topic)
    .map(({ value }) => `${value.user_id}\t${JSON.stringify(value)}\n`)
    .join('');
  await kcat(
    [
      '-b',
      stream.brokers,
      '-P',
      '-t',
      stream.topic(topic),
      '-K',
      '\t',
      '-z',
      codec,
      '-X',
      'topic.partitioner=murmur2_random',
      '-X',
      'linger.ms=50',
    ],
    input,
  );
}
