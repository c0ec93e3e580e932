/** Checks the records of an append call, gives them partitions and, within the transaction, offsets. */
import { TipstreamError } from '../../errors.js';
import type { NewRecord, RecordAddress } from '../port.js';
import { partitionFor } from '../partitioner.js';
import { encodeHeaders } from './header-encoding.js';
import type { RecordTable } from './record-table.js';
import { checkPartition, type Topic, type TopicTable } from './topic-table.js';
import type { Write } from './write-queue.js';

/** A record whose place is known but for its offset. */
interface Placed {
  readonly record: NewRecord;
  readonly headers: Buffer | null;
  readonly end: PartitionEnd;
}

/** Shared by all records of one call that go to the same partition. */
interface PartitionEnd {
  readonly topic: Topic;
  readonly partition: number;
  /** The next offset; read anew in each run of the transaction. */
  offset: number;
}

export interface Appended {
  readonly addresses: readonly RecordAddress[];
  /** The partitions written to, with the ends they have now. */
  readonly ends: readonly PartitionEnd[];
}

export class Appender {
  /** Topic name -> how many records without a key it got. */
  readonly #keyless = new Map<string, number>();

  constructor(
    private readonly topics: TopicTable,
    private readonly table: RecordTable,
    private readonly clock: () => number,
  ) {}

  /** @throws topic_not_found, invalid_argument, record_too_large; then nothing of the call is written */
  prepare(records: readonly NewRecord[]): Write<Appended> {
    const ends = new Map<Topic, Map<number, PartitionEnd>>();
    const placed: Placed[] = [];
    let bytes = 0;
    for (const record of records) {
      const topic = this.topics.require(record.topic);
      const headers = encodeHeaders(record.headers);
      const size = (record.key?.length ?? 0) + (record.value?.length ?? 0) + (headers?.length ?? 0);
      if (size > topic.maxMessageBytes) throw tooLarge(topic, size);
      checkTimestamp(topic, record.timestampMs);
      placed.push({ record, headers, end: endOf(ends, topic, this.#partitionOf(topic, record)) });
      bytes += size;
    }
    const touched = [...ends.values()].flatMap((partitions) => [...partitions.values()]);
    return { records: records.length, bytes, durable: true, run: () => this.#write(placed, touched) };
  }

  #write(placed: readonly Placed[], ends: readonly PartitionEnd[]): Appended {
    const nowMs = this.clock();
    for (const end of ends) end.offset = this.table.range(end.topic.id, end.partition).end;
    const addresses: RecordAddress[] = [];
    for (const { record, headers, end } of placed) {
      const { topic, partition, offset } = end;
      this.table.insert(topic.id, partition, offset, record.timestampMs ?? nowMs, record.key, record.value, headers);
      addresses.push({ topic: topic.name, partition, offset });
      end.offset += 1;
    }
    for (const end of ends) this.table.setNextOffset(end.topic.id, end.partition, end.offset);
    return { addresses, ends };
  }

  #partitionOf(topic: Topic, { key, partition }: NewRecord): number {
    if (partition !== undefined) {
      checkPartition(topic, partition);
      return partition;
    }
    if (key !== null) return partitionFor('murmur2', key, topic.partitions);
    const turn = this.#keyless.get(topic.name) ?? 0;
    this.#keyless.set(topic.name, turn + 1);
    return turn % topic.partitions;
  }
}

function endOf(ends: Map<Topic, Map<number, PartitionEnd>>, topic: Topic, partition: number): PartitionEnd {
  let partitions = ends.get(topic);
  if (partitions === undefined) ends.set(topic, (partitions = new Map()));
  let end = partitions.get(partition);
  if (end === undefined) partitions.set(partition, (end = { topic, partition, offset: 0 }));
  return end;
}

function tooLarge(topic: Topic, size: number): TipstreamError {
  return new TipstreamError(
    'record_too_large',
    `a record of ${size} bytes is too large for ${topic.name}, which takes ${topic.maxMessageBytes}`,
    {
      hint: 'Send less in one record. Key, value and headers count together.',
      details: { topic: topic.name, bytes: size, max_message_bytes: topic.maxMessageBytes },
    },
  );
}

function checkTimestamp(topic: Topic, timestampMs: number | undefined): void {
  if (timestampMs === undefined || (Number.isSafeInteger(timestampMs) && timestampMs >= 0)) return;
  throw new TipstreamError('invalid_argument', `${timestampMs} is no timestamp of a record for ${topic.name}`, {
    hint: 'Give whole milliseconds since 1970.',
    details: { topic: topic.name },
  });
}
