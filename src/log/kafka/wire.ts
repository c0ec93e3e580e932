/** Kafka's primitive types: big-endian integers, length-prefixed strings and zigzag varints. Offsets and times fit a double. */

const TWO_32 = 2 ** 32;

export class ByteReader {
  position = 0;

  constructor(readonly bytes: Buffer) {}

  int16(): number {
    this.position += 2;
    return this.bytes.readInt16BE(this.position - 2);
  }

  int32(): number {
    this.position += 4;
    return this.bytes.readInt32BE(this.position - 4);
  }

  int64(): number {
    this.position += 8;
    return int64At(this.bytes, this.position - 8);
  }

  bigInt64(): bigint {
    this.position += 8;
    return this.bytes.readBigInt64BE(this.position - 8);
  }

  string(): string {
    const length = this.int16();
    this.position += length;
    return this.bytes.toString('utf8', this.position - length, this.position);
  }

  /** INT32 length, then that many bytes; null reads as empty. A view, not a copy. */
  block(): Buffer {
    const length = Math.max(0, this.int32());
    this.position += length;
    if (this.position > this.bytes.length) throw new RangeError('the response ends early');
    return this.bytes.subarray(this.position - length, this.position);
  }

  /** INT32 count, then that many items; null reads as empty. */
  array<T>(item: () => T): T[] {
    const count = Math.max(0, this.int32());
    return Array.from({ length: count }, item);
  }
}

export function int64At(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position) * TWO_32 + bytes.readUInt32BE(position + 4);
}

export class ByteWriter {
  #bytes: Buffer;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** A view of what was written so far; later writes may or may not show in it. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  int8(value: number): void {
    this.#room(1);
    this.length = this.#bytes.writeInt8(value, this.length);
  }

  int16(value: number): void {
    this.#room(2);
    this.length = this.#bytes.writeInt16BE(value, this.length);
  }

  int32(value: number): void {
    this.#room(4);
    this.length = this.#bytes.writeInt32BE(value, this.length);
  }

  int64(value: number | bigint): void {
    this.#room(8);
    this.length = this.#bytes.writeBigInt64BE(BigInt(value), this.length);
  }

  string(value: string): void {
    const size = Buffer.byteLength(value);
    this.int16(size);
    this.#room(size);
    this.length += this.#bytes.write(value, this.length);
  }

  raw(value: Buffer): void {
    this.#room(value.length);
    value.copy(this.#bytes, this.length);
    this.length += value.length;
  }

  /** Zigzag; exact for integers of up to 52 bits. */
  varint(value: number): void {
    this.#room(10);
    let rest = value >= 0 ? value * 2 : -value * 2 - 1;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  /** Varint length, then the bytes; null is -1. */
  varintBlock(value: Buffer | null): void {
    if (value === null) return this.varint(-1);
    this.varint(value.length);
    this.raw(value);
  }

  #room(size: number): void {
    const needed = this.length + size;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

/** Bytes that `varint` writes for a value. */
export function varintSize(value: number): number {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1;
  let size = 1;
  while (rest >= 0x80) {
    rest = Math.floor(rest / 0x80);
    size++;
  }
  return size;
}
