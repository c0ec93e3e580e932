/**
 * Records on their way to another thread: one block of bytes and one of numbers, handed over instead of cloned. On the other side each
 * record is made when it is folded.
 */
import type { Payload } from '../../../events/decode.js';
import type { Rejected } from '../../../events/rejection.js';
import type { Delivery, LogRecord, RecordHeaders } from '../../../log/port.js';
import type { RecordRun, RunDelivery } from '../record-run.js';

/** Per record: offset, timestamp, where its bytes begin, key length, value length, payload length; -1 is the length of null. */
const NUMBERS = 6;
const NULL = -1;
const NO_HEADERS: RecordHeaders = Object.freeze([]);

export interface PackedDelivery extends Omit<Delivery, 'records'> {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the few records that have any: index -> headers. */
  readonly headers: readonly (readonly [index: number, headers: readonly (readonly [string, Uint8Array | null])[]])[];
  /** Of values that a schema describes and nobody can read: index -> why. */
  readonly refused: readonly (readonly [index: number, refused: Rejected])[];
}

export function pack(delivery: Delivery): PackedDelivery {
  const { records, ...range } = delivery;
  let size = 0;
  for (const { key, value, payload } of records)
    size += (key?.length ?? 0) + (value?.length ?? 0) + (payload?.ok === true ? payload.json.length : 0);
  const numbers = new Float64Array(records.length * NUMBERS);
  const bytes = new Uint8Array(size);
  const headers: [number, RecordHeaders][] = [];
  const refused: [number, Rejected][] = [];
  let at = 0;
  for (let i = 0, n = 0; i < records.length; i++) {
    const { offset, timestampMs, key, value, headers: named, payload } = records[i]!;
    numbers[n++] = offset;
    numbers[n++] = timestampMs;
    numbers[n++] = at;
    numbers[n++] = key === null ? NULL : key.length;
    numbers[n++] = value === null ? NULL : value.length;
    numbers[n++] = payload?.ok === true ? payload.json.length : NULL;
    if (key !== null) {
      bytes.set(key, at);
      at += key.length;
    }
    if (value !== null) {
      bytes.set(value, at);
      at += value.length;
    }
    if (payload !== undefined) {
      if (payload.ok) {
        bytes.set(payload.json, at);
        at += payload.json.length;
      } else refused.push([i, payload]);
    }
    if (named.length > 0) headers.push([i, named]);
  }
  return { ...range, numbers, bytes, headers, refused };
}

/** What to name in postMessage's transfer list. */
export function transferable(packed: PackedDelivery): ArrayBuffer[] {
  return [packed.numbers.buffer, packed.bytes.buffer];
}

export function unpack({ numbers, bytes, headers, refused, ...range }: PackedDelivery): RunDelivery {
  const block = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const named = new Map(
    headers.map(([index, pairs]) => [index, pairs.map(([name, value]) => [name, value === null ? null : Buffer.from(value)] as const)]),
  );
  return { ...range, records: new PackedRun(range.topic, range.partition, numbers, block, { headers: named, refused: new Map(refused) }) };
}

/** Of the few records that have any, by index. */
interface Rare {
  readonly headers: ReadonlyMap<number, RecordHeaders>;
  readonly refused: ReadonlyMap<number, Rejected>;
}

class PackedRun implements RecordRun {
  readonly length: number;
  readonly #topic: string;
  readonly #partition: number;
  readonly #numbers: Float64Array;
  readonly #block: Buffer;
  readonly #rare: Rare;

  constructor(topic: string, partition: number, numbers: Float64Array, block: Buffer, rare: Rare) {
    this.length = numbers.length / NUMBERS;
    this.#topic = topic;
    this.#partition = partition;
    this.#numbers = numbers;
    this.#block = block;
    this.#rare = rare;
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
    const valueLength = numbers[n + 4]!;
    const payload = this.#payload(index, valueLength === NULL ? valueAt : valueAt + valueLength, numbers[n + 5]!);
    return {
      topic: this.#topic,
      partition: this.#partition,
      offset: numbers[n]!,
      timestampMs: numbers[n + 1]!,
      key: this.#slice(keyAt, keyLength),
      value: this.#slice(valueAt, valueLength),
      headers: this.#rare.headers.get(index) ?? NO_HEADERS,
      ...(payload === undefined ? {} : { payload }),
    };
  }

  #payload(index: number, from: number, length: number): Payload | undefined {
    if (length !== NULL) return { ok: true, json: this.#block.subarray(from, from + length) };
    return this.#rare.refused.size === 0 ? undefined : this.#rare.refused.get(index);
  }

  #slice(from: number, length: number): Buffer | null {
    return length === NULL ? null : this.#block.subarray(from, from + length);
  }
}
