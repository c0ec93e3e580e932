/**
 * Record batches (message format 2) as a fetch returns them: first the headers alone, which tell where the log goes on and
 * which batches were aborted, then the records of the batches that are wanted. Headers keep their order here, kafkajs'
 * own decoder loses it; markers and aborted batches are never decoded, only passed over.
 */
import { TipstreamError } from '../../errors.js';
import type { Rejected } from '../../events/rejection.js';
import { NULL, NUMBERS, PackedRun } from '../packed-run.js';
import type { RecordHeaders } from '../port.js';
import { decompress } from './codecs.js';
import { int64At } from './wire.js';

const HEADER_BYTES = 61;
/** What follows the base offset and the length, up to the records. */
export const LENGTH_ENDS_AT = 12;
const FORMAT = 2;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;
const ABORT_MARKER = 0;
/** Its length, attributes, two deltas, two lengths and the number of headers. */
const LEAST_RECORD_BYTES = 7;
const NONE_REFUSED: ReadonlyMap<number, Rejected> = new Map();

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
  /** Its records, as its header says. */
  readonly count: number;
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
    batches.push({ baseOffset, lastOffset, hidden, count: batch.readInt32BE(57), bytes: batch });
    position = end;
  }
  return batches;
}

/** Batches of about so many records together. */
export function* inParts(batches: readonly RecordBatch[], records: number): Generator<readonly RecordBatch[]> {
  let part: RecordBatch[] = [];
  let count = 0;
  for (const batch of batches) {
    part.push(batch);
    if (!batch.hidden) count += batch.count;
    if (count < records) continue;
    yield part;
    part = [];
    count = 0;
  }
  if (part.length > 0) yield part;
}

/** Whether the records of a fetch can stay in its memory: they are not compressed, and most of what it holds. */
export function canStay(batches: readonly RecordBatch[]): boolean {
  const visible = batches.filter(({ hidden }) => !hidden);
  const bytes = visible.reduce((sum, batch) => sum + batch.bytes.length, 0);
  return visible.length > 0 && 2 * bytes >= visible[0]!.bytes.buffer.byteLength && visible.every((batch) => codecOf(batch) === 0);
}

/**
 * The records with `from <= offset < to` of batches that follow each other in the log, in memory of their own; hidden ones are passed over.
 */
export function recordsOf(batches: readonly RecordBatch[], topic: string, partition: number, from: number, to = Infinity): PackedRun {
  return unpacked(together(batches.filter((batch) => !batch.hidden && batch.baseOffset < to)), { topic, partition, from, to });
}

/** The records from `from` on of all batches of a fetch that `canStay`. The run has the fetch's memory, which must be its own. */
export function recordsInPlace(batches: readonly RecordBatch[], topic: string, partition: number, from: number): PackedRun {
  return unpacked(inPlace(batches.filter(({ hidden }) => !hidden)), { topic, partition, from, to: Infinity });
}

interface Wanted {
  readonly topic: string;
  readonly partition: number;
  readonly from: number;
  readonly to: number;
}

function unpacked({ block, bodies }: Bodies, wanted: Wanted): PackedRun {
  const { topic, partition } = wanted;
  let count = 0;
  for (const { batch, at, end } of bodies) {
    if (batch.count < 0 || batch.count > (end - at) / LEAST_RECORD_BYTES) throw damaged(topic, partition, batch.baseOffset);
    count += batch.count;
  }
  const into: Unpacking = { numbers: new Float64Array(count * NUMBERS), block, headers: new Map(), count: 0, bytes: 0 };
  for (const body of bodies) unpackBatch(into, body, wanted);
  const { headers, bytes } = into;
  const numbers = into.count === count ? into.numbers : into.numbers.slice(0, into.count * NUMBERS);
  return new PackedRun(topic, partition, { numbers, block, headers, refused: NONE_REFUSED }, bytes);
}

/** Where the records of a batch lie in a block. */
interface Body {
  readonly batch: RecordBatch;
  readonly at: number;
  readonly end: number;
}

interface Bodies {
  readonly block: Buffer<ArrayBuffer>;
  readonly bodies: readonly Body[];
}

const codecOf = ({ bytes }: RecordBatch): number => bytes.readInt16BE(21) & CODEC_MASK;

function inPlace(batches: readonly RecordBatch[]): Bodies {
  const block = Buffer.from(batches[0]!.bytes.buffer as ArrayBuffer);
  const bodies = batches.map((batch) => {
    const { byteOffset, length } = batch.bytes;
    return { batch, at: byteOffset + HEADER_BYTES, end: byteOffset + length };
  });
  return { block, bodies };
}

function together(batches: readonly RecordBatch[]): Bodies {
  const plain = batches.map((batch) => decompress(codecOf(batch), batch.bytes.subarray(HEADER_BYTES)));
  const block = Buffer.allocUnsafeSlow(plain.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  const bodies = plain.map((bytes, index) => {
    const at = end;
    block.set(bytes, at);
    end += bytes.length;
    return { batch: batches[index]!, at, end };
  });
  return { block, bodies };
}

interface Unpacking {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly block: Buffer<ArrayBuffer>;
  readonly headers: Map<number, RecordHeaders>;
  /** Records so far, and the bytes of their keys and values. */
  count: number;
  bytes: number;
}

/** One batch whose records lie in the block from `at` to `end`. */
function unpackBatch(into: Unpacking, { batch, at, end }: Body, { topic, partition, from, to }: Wanted): void {
  const { numbers, block } = into;
  const { baseOffset, bytes: head, count } = batch;
  const baseTimestampMs = int64At(head, 27);
  const appendedAtMs = (head.readInt16BE(21) & LOG_APPEND_TIME) !== 0 ? int64At(head, 35) : null;
  cursor = at;
  for (let index = 0; index < count; index++) {
    const length = varint(block);
    const next = cursor + length;
    if (length < 0 || !(next <= end)) throw damaged(topic, partition, baseOffset);
    cursor++; // record attributes, unused
    const timestampDelta = varlong(block);
    const offset = baseOffset + varint(block);
    if (offset >= to) return;
    if (offset >= from) {
      const n = into.count * NUMBERS;
      const keyLength = lengthOf(varint(block));
      numbers[n] = offset;
      numbers[n + 1] = appendedAtMs ?? baseTimestampMs + timestampDelta;
      numbers[n + 2] = cursor;
      numbers[n + 3] = keyLength;
      cursor += Math.max(0, keyLength);
      const valueLength = lengthOf(varint(block));
      numbers[n + 4] = cursor;
      numbers[n + 5] = valueLength;
      numbers[n + 6] = NULL;
      cursor += Math.max(0, valueLength);
      const headerCount = varint(block);
      if (headerCount < 0 || headerCount > next - cursor) throw damaged(topic, partition, offset);
      if (headerCount > 0) into.headers.set(into.count, readHeaders(block, headerCount));
      if (cursor !== next) throw damaged(topic, partition, offset);
      into.bytes += Math.max(0, keyLength) + Math.max(0, valueLength);
      into.count++;
    }
    cursor = next;
  }
}

const lengthOf = (length: number): number => (length < 0 ? NULL : length);

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
