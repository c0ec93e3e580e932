/**
 * Avro's binary encoding, value by value. Whatever the bytes say, reading ends within them: lengths and counts are compared with what is
 * left, and a value that does not fit throws BadPayload.
 */
import { isUtf8 } from 'node:buffer';

/** The bytes are not what their schema says; the message says where. */
export class BadPayload extends Error {}

/** Nothing that an event holds is deeper. */
const MAX_DEPTH = 64;
/** Items without a byte of their own (null, an empty record) cannot be bounded by what is left. */
const MAX_EMPTY_ITEMS = 1_024;

export class AvroBytes {
  /** The field that is being read, for messages. */
  field = '';
  #at = 0;
  #depth = 0;
  #items: number;

  constructor(private readonly bytes: Buffer) {
    this.#items = bytes.length + MAX_EMPTY_ITEMS;
  }

  get left(): number {
    return this.bytes.length - this.#at;
  }

  fail(what: string): never {
    throw new BadPayload(this.field === '' ? what : `${this.field}: ${what}`);
  }

  byte(): number {
    if (this.left < 1) this.fail('the bytes end too early');
    return this.bytes[this.#at++]!;
  }

  /** A zigzag integer that a double holds exactly. */
  int(): number {
    const first = this.byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    let low = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const next = this.byte();
      low |= (next & 0x7f) << shift;
      if (next < 0x80) return (low >>> 1) ^ -(low & 1);
    }
    // Times of these years have 42 bits, which bit operations do not take and a double holds.
    let bits = low;
    for (let unit = 2 ** 28; unit < 2 ** 49; unit *= 2 ** 7) {
      const next = this.byte();
      bits += (next & 0x7f) * unit;
      if (next < 0x80) return bits % 2 === 0 ? bits / 2 : -(bits + 1) / 2;
    }
    const wide = this.#wide(BigInt(bits), 49n);
    const value = Number(wide);
    if (!Number.isSafeInteger(value)) this.fail(`the long ${wide} is beyond 2^53, where JSON numbers are rounded`);
    return value;
  }

  /** A zigzag integer of up to 64 bits. */
  bigint(): bigint {
    return this.#wide(0n, 0n);
  }

  /** A length or a count: never negative, never more than there can be. */
  length(): number {
    const length = this.int();
    if (length < 0 || length > this.left) this.fail(`a length of ${length}, and ${this.left} bytes are left`);
    return length;
  }

  take(length: number): Buffer {
    if (length > this.left) this.fail('the bytes end too early');
    return this.bytes.subarray(this.#at, (this.#at += length));
  }

  text(): string {
    const bytes = this.take(this.length());
    const text = bytes.toString('utf8');
    // Bad bytes become U+FFFD, which a text may also hold by itself.
    if (text.includes('\ufffd') && !isUtf8(bytes)) this.fail('is not well-formed UTF-8');
    return text;
  }

  /** Of an array or a map: calls `item` for each, block after block. */
  items(item: () => void): void {
    for (let count = this.int(); count !== 0; count = this.int()) {
      if (count < 0) {
        count = -count;
        this.int(); // the block's size in bytes
      }
      this.#items -= count;
      if (this.#items < 0) this.fail(`${count} items, and ${this.left} bytes are left`);
      while (count-- > 0) item();
    }
  }

  /** Whatever is nested within another value. */
  nested<T>(read: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.fail(`is nested deeper than ${MAX_DEPTH}`);
    const value = read();
    this.#depth--;
    return value;
  }

  end(): void {
    this.field = '';
    if (this.left > 0) this.fail(`${this.left} bytes are left behind the value`);
  }

  #wide(low: bigint, from: bigint): bigint {
    let bits = low;
    for (let shift = from; shift < 70n; shift += 7n) {
      const next = this.byte();
      bits |= BigInt(next & 0x7f) << shift;
      if (next < 0x80) {
        if (bits >= 1n << 64n) break;
        return (bits >> 1n) ^ -(bits & 1n);
      }
    }
    return this.fail('an integer of more than 64 bits');
  }
}
