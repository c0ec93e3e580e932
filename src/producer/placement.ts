/** Where an encoded event goes: the partition of its key, or every partition for a control record without a user. */
import type { NewRecord, RecordHeaders } from '../log/port.js';
import { partitionFor, type PartitionerName } from '../log/partitioner.js';
import type { EncodedEvent } from './encode.js';
import type { PartitionCounts } from './partition-counts.js';

export interface Placement {
  /** Full name. */
  readonly topic: string;
  readonly headers: RecordHeaders;
  readonly timestampMs: number | undefined;
}

/**
 * `partitioner` is what the consumers check; with murmur2, or where they check nothing, the log places records itself.
 */
export async function place(
  event: EncodedEvent,
  { topic, headers, timestampMs }: Placement,
  partitioner: PartitionerName,
  counts: PartitionCounts,
): Promise<NewRecord[]> {
  const { key, value } = event;
  const record: NewRecord = { topic, key, value, headers, ...(timestampMs === undefined ? {} : { timestampMs }) };
  if (key === null) return Array.from({ length: await counts.of(topic) }, (_, partition) => ({ ...record, partition }));
  if (partitioner !== 'crc32') return [record];
  return [{ ...record, partition: partitionFor(partitioner, key, await counts.of(topic)) }];
}
