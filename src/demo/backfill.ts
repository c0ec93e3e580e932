/** The demo's past: simulated traffic into the log, a day at a time, so that decisions learn from the days before them. */
import type { Log, NewRecord } from '../log/port.js';
import { fullTopicName } from '../topics.js';
import { valueBytes, type SimulatedRecord } from './record.js';

const DAY_MS = 86_400_000;

export interface Backfill {
  readonly log: Log;
  readonly topicPrefix: string;
  readonly records: Iterable<SimulatedRecord>;
  /** Resolves when what was appended is applied. */
  readonly caughtUp: () => Promise<void>;
  readonly signal: AbortSignal;
  /** After each day. */
  readonly onDay: (day: number, appended: number) => void;
}

/** Answers how many records were appended. */
export async function backfill({ log, topicPrefix, records, caughtUp, signal, onDay }: Backfill): Promise<number> {
  let batch: NewRecord[] = [];
  let appended = 0;
  let day = 0;
  let dayEndsMs: number | undefined;
  const flush = async () => {
    await log.append(batch);
    appended += batch.length;
    batch = [];
    await caughtUp();
    onDay(++day, appended);
  };
  for (const record of records) {
    dayEndsMs ??= record.timestampMs + DAY_MS;
    if (record.timestampMs >= dayEndsMs) {
      if (signal.aborted) return appended;
      await flush();
      dayEndsMs += DAY_MS;
    }
    batch.push(newRecord(record, topicPrefix));
  }
  await flush();
  return appended;
}

export function newRecord(record: SimulatedRecord, topicPrefix: string): NewRecord {
  const { topic, key, timestampMs } = record;
  return { topic: fullTopicName(topicPrefix, topic), key: key === null ? null : Buffer.from(key), value: valueBytes(record), timestampMs };
}
