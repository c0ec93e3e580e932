/**
 * Records as one block of bytes and one of numbers: what a log has fetched, or what crosses to another thread. Tens of thousands of
 * records may wait; as objects they would outlive the young generation and cost several times their bytes. So each is made when it is
 * asked for, and its key and value are views of the block.
 */
import type { Payload } from '../events/decode.js';
import type { Rejected } from '../events/rejection.js';
import type { LogRecord, RecordHeaders, RecordRun } from './port.js';

/** Per record: offset, timestamp, where its key begins, its length, where its value begins, its length, that of the payload behind it. */
export const NUMBERS = 7;
/** The length of null. */
export const NULL = -1;
const NO_HEADERS: RecordHeaders = Object.freeze([]);

/** What the records lie in. */
export interface Packed {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly block: Buffer<ArrayBuffer>;
  /** Of the few records that have any: index -> headers. */
  readonly headers: ReadonlyMap<number, RecordHeaders>;
  /** Of values that a schema describes and nobody can read: index -> why. */
  readonly refused: ReadonlyMap<number, Rejected>;
}

export class PackedRun implements RecordRun {
  readonly length: number;
  readonly bytes: number;
  readonly #topic: string;
  readonly #partition: number;
  readonly #packed: Packed;
  readonly #numbers: Float64Array;
  readonly #block: Buffer;

  /** @param bytes of keys, values and payloads */
  constructor(topic: string, partition: number, packed: Packed, bytes: number) {
    this.length = packed.numbers.length / NUMBERS;
    this.bytes = bytes;
    this.#topic = topic;
    this.#partition = partition;
    this.#packed = packed;
    this.#numbers = packed.numbers;
    this.#block = packed.block;
  }

  get packed(): Packed {
    return this.#packed;
  }

  offsetAt(index: number): number {
    return this.#numbers[index * NUMBERS]!;
  }

  timestampAt(index: number): number {
    return this.#numbers[index * NUMBERS + 1]!;
  }

  recordAt(index: number): LogRecord {
    const n = index * NUMBERS;
    const numbers = this.#numbers;
    const valueAt = numbers[n + 4]!;
    const valueLength = numbers[n + 5]!;
    const payload = this.#payload(index, valueLength === NULL ? valueAt : valueAt + valueLength, numbers[n + 6]!);
    const record = {
      topic: this.#topic,
      partition: this.#partition,
      offset: numbers[n]!,
      timestampMs: numbers[n + 1]!,
      key: this.#slice(numbers[n + 2]!, numbers[n + 3]!),
      value: this.#slice(valueAt, valueLength),
      headers: this.#packed.headers.get(index) ?? NO_HEADERS,
    };
    return payload === undefined ? record : { ...record, payload };
  }

  *[Symbol.iterator](): Iterator<LogRecord> {
    for (let index = 0; index < this.length; index++) yield this.recordAt(index);
  }

  #payload(index: number, from: number, length: number): Payload | undefined {
    if (length !== NULL) return { ok: true, json: this.#block.subarray(from, from + length) };
    return this.#packed.refused.size === 0 ? undefined : this.#packed.refused.get(index);
  }

  #slice(from: number, length: number): Buffer | null {
    return length === NULL ? null : this.#block.subarray(from, from + length);
  }
}

/** The same records, packed: for logs that make objects of them, and where something was attached to some. */
export function packedRun(topic: string, partition: number, run: RecordRun): PackedRun {
  if (run instanceof PackedRun) return run;
  const size = run.bytes;
  const numbers = new Float64Array(run.length * NUMBERS);
  const block = Buffer.allocUnsafeSlow(size);
  const headers = new Map<number, RecordHeaders>();
  const refused = new Map<number, Rejected>();
  let at = 0;
  let n = 0;
  const add = (bytes: Buffer | null | undefined): void => {
    if (bytes == null) return;
    block.set(bytes, at);
    at += bytes.length;
  };
  for (let i = 0; i < run.length; i++) {
    const { offset, timestampMs, key, value, headers: named, payload } = run.recordAt(i);
    const json = payload?.ok === true ? payload.json : undefined;
    numbers[n++] = offset;
    numbers[n++] = timestampMs;
    numbers[n++] = at;
    numbers[n++] = key?.length ?? NULL;
    add(key);
    numbers[n++] = at;
    numbers[n++] = value?.length ?? NULL;
    add(value);
    numbers[n++] = json?.length ?? NULL;
    add(json);
    if (payload?.ok === false) refused.set(i, payload);
    if (named.length > 0) headers.set(i, named);
  }
  return new PackedRun(topic, partition, { numbers, block, headers, refused }, size);
}
