/**
 * Records on their way to another thread: one block of bytes and one of numbers, handed over instead of cloned. On the other side each
 * record is made when it is folded.
 */
import type { Delivery, LogRecord, RecordHeaders } from '../../../log/port.js';
import type { RecordRun, RunDelivery } from '../record-run.js';

/** Per record: offset, timestamp, where its bytes begin, key length, value length; -1 is the length of null. */
const NUMBERS = 5;
const NULL = -1;
const NO_HEADERS: RecordHeaders = Object.freeze([]);

export interface PackedDelivery extends Omit<Delivery, 'records'> {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the few records that have any: index -> headers. */
  readonly headers: readonly (readonly [index: number, headers: readonly (readonly [string, Uint8Array | null])[]])[];
}

export function pack(delivery: Delivery): PackedDelivery {
  const { records, ...range } = delivery;
  let size = 0;
  for (const { key, value } of records) size += (key?.length ?? 0) + (value?.length ?? 0);
  const numbers = new Float64Array(records.length * NUMBERS);
  const bytes = new Uint8Array(size);
  const headers: [number, RecordHeaders][] = [];
  let at = 0;
  for (let i = 0, n = 0; i < records.length; i++) {
    const { offset, timestampMs, key, value, headers: named } = records[i]!;
    numbers[n++] = offset;
    numbers[n++] = timestampMs;
    numbers[n++] = at;
    numbers[n++] = key === null ? NULL : key.length;
    numbers[n++] = value === null ? NULL : value.length;
    if (key !== null) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
    if (named.length > 0) headers.push([i, named]);
  }
  return { ...range, numbers, bytes, headers };
}

/** What to name in postMessage's transfer list. */
export function transferable(packed: PackedDelivery): ArrayBuffer[] {
  return [packed.numbers.buffer, packed.bytes.buffer];
}

export function unpack({ numbers, bytes, headers, ...range }: PackedDelivery): RunDelivery {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = new Map(
    headers.map(([index, pairs]) => [index, pairs.map(([name, value]) => [name, value === null ? null : Buffer.from(value)] as const)]),
  );
  return { ...range, records: new PackedRun(range.topic, range.partition, numbers, block, named) };
}

class PackedRun implements RecordRun {
  readonly length: number;
  readonly #topic: string;
  readonly #partition: number;
  readonly #numbers: Float64Array;
  readonly #block: Buffer;
  readonly #headers: ReadonlyMap<number, RecordHeaders>;

  constructor(topic: string, partition: number, numbers: Float64Array, block: Buffer, headers: ReadonlyMap<number, RecordHeaders>) {
    this.length = numbers.length / NUMBERS;
    this.#topic = topic;
    this.#partition = partition;
    this.#numbers = numbers;
    this.#block = block;
    this.#headers = headers;
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
    const keyAt = numbers[n + 2]!;
    const keyLength = numbers[n + 3]!;
    const valueAt = keyLength === NULL ? keyAt : keyAt + keyLength;
    return {
      topic: this.#topic,
      partition: this.#partition,
      offset: numbers[n]!,
      timestampMs: numbers[n + 1]!,
      key: this.#slice(keyAt, keyLength),
      value: this.#slice(valueAt, numbers[n + 4]!),
      headers: this.#headers.get(index) ?? NO_HEADERS,
    };
  }

  #slice(from: number, length: number): Buffer | null {
    return length === NULL ? null : this.#block.subarray(from, from + length);
  }
}
