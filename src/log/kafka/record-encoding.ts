/** Record batches (message format 2) as the idempotent producer writes them: uncompressed, header order kept. */
import type { NewRecord } from '../port.js';
import { crc32c } from './internals.js';
import { LENGTH_ENDS_AT } from './record-batch.js';
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
  const out = new ByteWriter(size);
  out.int64(0);
  out.int32(0); // the length of what follows
  out.int32(NO_LEADER_EPOCH);
  out.int8(FORMAT);
  out.int32(0); // the checksum of what follows
  const body = out.length;
  out.int16(0);
  out.int32(records.length - 1);
  out.int64(baseTimestampMs);
  out.int64(maxTimestampMs);
  out.int64(producer.producerId);
  out.int16(producer.epoch);
  out.int32(producer.sequence);
  out.int32(records.length);
  records.forEach((record, index) => writeRecord(out, record, index, record.timestampMs - baseTimestampMs));
  const batch = out.written;
  batch.writeInt32BE(batch.length - LENGTH_ENDS_AT, LENGTH_ENDS_AT - 4);
  batch.writeUInt32BE(crc32c(batch.subarray(body)), body - 4);
  return batch;
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
