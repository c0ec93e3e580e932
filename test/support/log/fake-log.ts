import { TipstreamError } from '../../../src/errors.js';
import type { Log, LogRecord, NewRecord } from '../../../src/log/port.js';
import { partitionFor } from '../../../src/log/partitioner.js';

/** Just enough of a log for producers: topics exist when asked to, and appended records stay in memory. */
export class FakeLog {
  readonly records: LogRecord[] = [];
  readonly batches: number[] = [];
  failAfterBatches = Infinity;
  readonly #partitions: number;
  readonly #ends = new Map<string, number>();
  readonly #hasTopics: boolean;

  constructor({ partitions = 4, hasTopics = true } = {}) {
    this.#partitions = partitions;
    this.#hasTopics = hasTopics;
  }

  get log(): Log {
    return this as unknown as Log;
  }

  async describeTopics(names: readonly string[]) {
    if (!this.#hasTopics) return [];
    return names.map((name) => ({
      name,
      partitions: this.#partitions,
      retentionMs: -1,
      cleanupPolicy: 'delete',
      maxMessageBytes: 1_048_588,
    }));
  }

  async append(records: readonly NewRecord[]) {
    if (this.batches.length >= this.failAfterBatches) throw new TipstreamError('disk_full', 'no space left');
    if (!this.#hasTopics) throw new TipstreamError('topic_not_found', `there is no topic ${records[0]!.topic}`);
    this.batches.push(records.length);
    return records.map((record) => {
      const partition = record.partition ?? (record.key ? partitionFor('murmur2', record.key, this.#partitions) : 0);
      const place = `${record.topic}/${partition}`;
      const offset = this.#ends.get(place) ?? 0;
      this.#ends.set(place, offset + 1);
      this.records.push({ ...record, partition, offset, headers: record.headers ?? [], timestampMs: record.timestampMs ?? 0 });
      return { topic: record.topic, partition, offset };
    });
  }
}
