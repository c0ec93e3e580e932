/** The dead letters that a log holds, read back with the reasons that their headers give. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readDeadLetterReason } from '../events/dead-letter.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, type TopicName } from '../topics.js';
import type { Log, LogRecord, OffsetRange } from './port.js';
import type { RecordAddress } from './record-address.js';

export interface DeadLetter {
  readonly record: LogRecord;
  readonly reason: ReturnType<typeof readDeadLetterReason>;
}

/** Unix ms; that of the letter where it does not say when its record failed. */
export function failedAtMs({ record, reason }: DeadLetter): number {
  return reason.failedAtMs ?? record.timestampMs;
}

export interface DeadLetterFilter {
  readonly prefix: string;
  /** Of the input; absent: all. */
  readonly topic?: TopicName | undefined;
  readonly code?: string | undefined;
  /** Unix ms: those that failed then or later. */
  readonly sinceMs?: number | undefined;
  /** One dead letter alone. */
  readonly address?: RecordAddress | undefined;
  readonly signal?: AbortSignal;
}

/** Topic after topic, partition after partition, up to the ends seen now. A dead-letter topic that does not exist holds none. */
export async function* readDeadLetters(log: Log, filter: DeadLetterFilter): AsyncGenerator<DeadLetter> {
  const inputs = filter.topic === undefined ? CONSUMED_TOPICS : [filter.topic];
  const names = inputs.map((topic) => deadLetterTopic(fullTopicName(filter.prefix, topic)));
  for (const { name: topic } of await log.describeTopics(names)) {
    for (const [partition, { low, end }] of await log.offsets(topic)) {
      const [from, to] = boundsIn(topic, partition, { low, end }, filter.address);
      if (from >= to) continue;
      const range = { topic, partition, from, to, raw: true as const, ...(filter.signal ? { signal: filter.signal } : {}) };
      for await (const records of log.read(range)) {
        for (const record of records) {
          const reason = readDeadLetterReason(record.headers);
          if (isWanted({ record, reason }, filter)) yield { record, reason };
        }
      }
      filter.signal?.throwIfAborted();
      await nextTurn(); // the embedded log reads a short partition without waiting for anything
    }
  }
}

function isWanted(letter: DeadLetter, { code, sinceMs }: DeadLetterFilter): boolean {
  if (code !== undefined && letter.reason.code !== code) return false;
  return sinceMs === undefined || failedAtMs(letter) >= sinceMs;
}

/** [the first offset to read, the one after the last] */
function boundsIn(topic: string, partition: number, { low, end }: OffsetRange, address: RecordAddress | undefined): [number, number] {
  if (address === undefined) return [low, end];
  if (address.topic !== topic || address.partition !== partition) return [low, low];
  return [Math.max(low, address.offset), Math.min(end, address.offset + 1)];
}
