/**
 * Record batches (message format 2) as a fetch returns them: first the headers alone, which tell where the log goes on and
 * which batches were aborted, then the records of the batches that are wanted. Headers keep their order here, kafkajs'
 * own decoder loses it; markers and aborted batches are never decoded, only passed over.
 */
import { TipstreamError } from '../../errors.js';
import type { LogRecord, RecordHeaders } from '../port.js';
import { decompress } from './codecs.js';
import { int64At } from './wire.js';

const HEADER_BYTES = 61;
/** What follows the base offset and the length, up to the records. */
const LENGTH_ENDS_AT = 12;
const FORMAT = 2;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;
const NO_HEADERS: RecordHeaders = Object.freeze([]);

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

/** One batch within the bytes of a fetch. */
export interface RecordBatch {
  readonly baseOffset: number;
  /** Stays what it was when compaction removes records, so the log goes on at lastOffset + 1. */
  readonly lastOffset: number;
  /** Markers and aborted records: to be passed over. */
  readonly hidden: boolean;
  readonly bytes: Buffer;
}

/** The whole batches in the bytes, ascending; a batch cut off at the end is left for the next fetch. */
export function splitBatches(bytes: Buffer, aborted: readonly AbortedTransaction[]): RecordBatch[] {
  const batches: RecordBatch[] = [];
  const startsOfAborted = aborted.length < 2 ? [...aborted] : aborted.toSorted((a, b) => a.firstOffset - b.firstOffset);
  const aborting = new Set<bigint>();
  let position = 0;
  while (position + HEADER_BYTES <= bytes.length) {
    const end = position + LENGTH_ENDS_AT + bytes.readInt32BE(position + 8);
    if (end > bytes.length) break;
    const format = bytes.readInt8(position + 16);
    if (format !== FORMAT) throw oldFormat(format);
    const batch = bytes.subarray(position, end);
    const baseOffset = int64At(batch, 0);
    const lastOffset = baseOffset + batch.readInt32BE(23);
    const attributes = batch.readInt16BE(21);
    let hidden = (attributes & CONTROL) !== 0;
    if ((attributes & TRANSACTIONAL) !== 0 && aborted.length > 0) {
      while (startsOfAborted.length > 0 && startsOfAborted[0]!.firstOffset <= lastOffset) aborting.add(startsOfAborted.shift()!.producerId);
      const producerId = batch.readBigInt64BE(43);
      if (!hidden) hidden = aborting.has(producerId);
      else if (isAbortMarker(batch)) aborting.delete(producerId);
    }
    batches.push({ baseOffset, lastOffset, hidden, bytes: batch });
    position = end;
  }
  return batches;
}

/** Appends the batch's records with `from <= offset < to` to `records`. */
export function decodeRecords(batch: RecordBatch, topic: string, partition: number, from: number, to: number, records: LogRecord[]): void {
  const { bytes, baseOffset } = batch;
  const attributes = bytes.readInt16BE(21);
  const baseTimestampMs = int64At(bytes, 27);
  const appendedAtMs = (attributes & LOG_APPEND_TIME) !== 0 ? int64At(bytes, 35) : null;
  const count = bytes.readInt32BE(57);
  const body = decompress(attributes & CODEC_MASK, bytes.subarray(HEADER_BYTES));
  cursor = 0;
  for (let index = 0; index < count; index++) {
    const length = varint(body);
    const next = cursor + length;
    if (length < 0 || next > body.length) throw damaged(topic, partition, baseOffset);
    cursor++; // record attributes, unused
    const timestampDelta = varlong(body);
    const offset = baseOffset + varint(body);
    if (offset >= to) return;
    if (offset >= from) {
      const key = block(body);
      const value = block(body);
      const headerCount = varint(body);
      const headers = headerCount === 0 ? NO_HEADERS : readHeaders(body, headerCount);
      if (cursor !== next) throw damaged(topic, partition, offset);
      records.push({ topic, partition, offset, timestampMs: appendedAtMs ?? baseTimestampMs + timestampDelta, key, value, headers });
    }
    cursor = next;
  }
}

/** A control record's key is its version and its type. */
function isAbortMarker(batch: Buffer): boolean {
  cursor = HEADER_BYTES;
  varint(batch);
  cursor++;
  varlong(batch);
  varint(batch);
  const key = block(batch);
  return key !== null && key.readInt16BE(2) === ABORT_MARKER;
}

/** Where the varints below read; decoding is synchronous, so one cursor serves every batch. */
let cursor = 0;

function varint(bytes: Buffer): number {
  let byte = bytes[cursor++]!;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let shift = 7;
  do {
    byte = bytes[cursor++]!;
    value |= (byte & 0x7f) << shift;
    shift += 7;
  } while (byte >= 0x80);
  return (value >>> 1) ^ -(value & 1);
}

/** As `varint`, for values of more than 32 bits. */
function varlong(bytes: Buffer): number {
  let byte = bytes[cursor++]!;
  if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
  let value = byte & 0x7f;
  let scale = 0x80;
  do {
    byte = bytes[cursor++]!;
    value += (byte & 0x7f) * scale;
    scale *= 0x80;
  } while (byte >= 0x80);
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

function block(bytes: Buffer): Buffer | null {
  const length = varint(bytes);
  if (length < 0) return null;
  cursor += length;
  return bytes.subarray(cursor - length, cursor);
}

function readHeaders(bytes: Buffer, count: number): RecordHeaders {
  const headers: [string, Buffer | null][] = [];
  for (let index = 0; index < count; index++) {
    const name = block(bytes);
    headers.push([name === null ? '' : name.toString('utf8'), block(bytes)]);
  }
  return headers;
}

function damaged(topic: string, partition: number, offset: number): TipstreamError {
  return new TipstreamError('log_failed', `The record batch at ${topic}/${partition}@${offset} is damaged`, {
    hint: "Check the broker's disk; kafka-dump-log shows the batch.",
    details: { topic, partition, offset },
  });
}

function oldFormat(format: number): TipstreamError {
  return new TipstreamError('log_failed', `A batch has message format ${format}; only format 2 (Kafka 0.11 and newer) can be read`, {
    hint: 'Copy the topic with a current producer.',
    details: { format },
  });
}
