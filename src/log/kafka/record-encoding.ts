/** Record batches (message format 2) as the idempotent producer writes them: uncompressed, header order kept. */
import type { NewRecord } from '../port.js';
import { crc32c } from './internals.js';
import { ByteWriter, varintSize } from './wire.js';

const FORMAT = 2;
const NO_LEADER_EPOCH = -1;
/** Bytes of a batch before its first record. */
export const BATCH_OVERHEAD_BYTES = 61;
/** Length, attributes, deltas and lengths, at their longest. */
const RECORD_OVERHEAD_BYTES = 36;
const HEADER_OVERHEAD_BYTES = 10;

export interface StampedRecord extends NewRecord {
  readonly timestampMs: number;
}

export interface ProducerState {
  readonly producerId: bigint;
  readonly epoch: number;
  /** Of the batch's first record; a retry carries the same one, so that the broker knows it again. */
  readonly sequence: number;
}

/** An upper bound of the bytes that a record takes within a batch. */
export function recordBytes(record: NewRecord): number {
  let size = RECORD_OVERHEAD_BYTES + (record.key?.length ?? 0) + (record.value?.length ?? 0);
  for (const [name, value] of record.headers ?? []) size += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + (value?.length ?? 0);
  return size;
}

export function encodeBatch(records: readonly StampedRecord[], producer: ProducerState): Buffer {
  let baseTimestampMs = Infinity;
  let maxTimestampMs = -Infinity;
  let size = BATCH_OVERHEAD_BYTES;
  for (const record of records) {
    baseTimestampMs = Math.min(baseTimestampMs, record.timestampMs);
    maxTimestampMs = Math.max(maxTimestampMs, record.timestampMs);
    size += recordBytes(record);
  }
  // The checksum covers what follows it, so that part is written first.
  const body = new ByteWriter(size);
  body.int16(0);
  body.int32(records.length - 1);
  body.int64(baseTimestampMs);
  body.int64(maxTimestampMs);
  body.int64(producer.producerId);
  body.int16(producer.epoch);
  body.int32(producer.sequence);
  body.int32(records.length);
  records.forEach((record, index) => writeRecord(body, record, index, record.timestampMs - baseTimestampMs));

  const batch = new ByteWriter(body.length + 21);
  batch.int64(0);
  batch.int32(body.length + 9);
  batch.int32(NO_LEADER_EPOCH);
  batch.int8(FORMAT);
  batch.uint32(crc32c(body.written));
  batch.raw(body.written);
  return batch.written;
}

function writeRecord(out: ByteWriter, record: NewRecord, offsetDelta: number, timestampDelta: number): void {
  const headers = (record.headers ?? []).map(([name, value]) => [Buffer.from(name), value] as const);
  let length = 1 + varintSize(timestampDelta) + varintSize(offsetDelta) + blockSize(record.key) + blockSize(record.value);
  length += varintSize(headers.length);
  for (const [name, value] of headers) length += blockSize(name) + blockSize(value);
  out.varint(length);
  out.int8(0);
  out.varint(timestampDelta);
  out.varint(offsetDelta);
  out.varintBlock(record.key);
  out.varintBlock(record.value);
  out.varint(headers.length);
  for (const [name, value] of headers) {
    out.varintBlock(name);
    out.varintBlock(value);
  }
}

function blockSize(bytes: Buffer | null): number {
  return bytes === null ? 1 : varintSize(bytes.length) + bytes.length;
}
