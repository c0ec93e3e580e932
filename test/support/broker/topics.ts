/** Topics and reads for Kafka's own tests. */
import { randomUUID } from 'node:crypto';
import type { Log, LogRecord } from '../../../src/log/port.js';

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
