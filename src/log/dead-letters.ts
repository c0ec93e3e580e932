/** The dead letters that a log holds, read back with the reasons that their headers give. */
import { readDeadLetterReason } from '../events/dead-letter.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, type TopicName } from '../topics.js';
import type { Log, LogRecord } from './port.js';

export interface DeadLetter {
  readonly record: LogRecord;
  readonly reason: ReturnType<typeof readDeadLetterReason>;
}

export interface DeadLetterFilter {
  readonly prefix: string;
  /** Of the input; absent: all. */
  readonly topic?: TopicName | undefined;
  readonly code?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Topic after topic, partition after partition, up to the ends seen now. A dead-letter topic that does not exist holds none. */
export async function* readDeadLetters(log: Log, filter: DeadLetterFilter): AsyncGenerator<DeadLetter> {
  const inputs = filter.topic === undefined ? CONSUMED_TOPICS : [filter.topic];
  const names = inputs.map((topic) => deadLetterTopic(fullTopicName(filter.prefix, topic)));
  for (const { name: topic } of await log.describeTopics(names)) {
    for (const [partition, { low, end }] of await log.offsets(topic)) {
      if (low >= end) continue;
      const range = { topic, partition, from: low, to: end, ...(filter.signal ? { signal: filter.signal } : {}) };
      for await (const records of log.read(range)) {
        for (const record of records) {
          const reason = readDeadLetterReason(record.headers);
          if (filter.code === undefined || reason.code === filter.code) yield { record, reason };
        }
      }
      filter.signal?.throwIfAborted();
    }
  }
}
