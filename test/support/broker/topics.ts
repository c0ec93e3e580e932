/** Topics and reads for Kafka's own tests. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { Log, LogRecord } from '../../../src/log/port.js';

const PATIENCE_MS = 60_000;

export async function newTopic(log: Log, partitions = 1, cleanupPolicy: 'delete' | 'compact' = 'delete'): Promise<string> {
  const name = `kafka-test.${randomUUID()}`;
  await log.createTopics([{ name, partitions, retentionMs: -1, cleanupPolicy, maxMessageBytes: 1_048_588 }]);
  return name;
}

/** Everything in the partition, from an offset to the end. */
export async function readAll(log: Log, topic: string, partition = 0, from = 0): Promise<LogRecord[]> {
  const { end } = (await log.offsets(topic)).get(partition)!;
  const records: LogRecord[] = [];
  for await (const some of log.read({ topic, partition, from, to: end })) records.push(...some);
  return records;
}

/** Deletes the records below an offset: what retention does, at once. */
export async function deleteBefore(admin: Admin, topic: string, offsets: Readonly<Record<number, number>>): Promise<void> {
  await untilLed(admin, topic); // deleteTopicRecords also relies on metadata that it does not load
  await admin.deleteTopicRecords({
    topic,
    partitions: Object.entries(offsets).map(([partition, offset]) => ({ partition: Number(partition), offset: String(offset) })),
  });
}

/** A broker names itself as the leader of a new partition a moment before it answers as one, and kafkajs gives up at that answer. */
async function untilLed(admin: Admin, topic: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; ; await delay(20)) {
    try {
      await admin.fetchTopicOffsets(topic);
      return;
    } catch (error) {
      if ((error as { type?: string }).type !== 'NOT_LEADER_FOR_PARTITION' || Date.now() > deadline) throw error;
    }
  }
}
