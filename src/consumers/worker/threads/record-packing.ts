/** Deliveries on their way to another thread: their blocks are handed over instead of cloned, and leave this thread with nothing. */
import type { Rejected } from '../../../events/rejection.js';
import { PackedRun, packedRun } from '../../../log/packed-run.js';
import type { Delivery, RecordHeaders } from '../../../log/port.js';

export interface PackedDelivery extends Omit<Delivery, 'records'> {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly block: Uint8Array<ArrayBuffer>;
  /** Of keys, values and payloads. */
  readonly bytes: number;
  readonly headers: readonly (readonly [index: number, headers: ClonedHeaders])[];
  readonly refused: readonly (readonly [index: number, refused: Rejected])[];
}

export function pack({ records, ...range }: Delivery): PackedDelivery {
  const { packed, bytes } = packedRun(range.topic, range.partition, records);
  const { numbers, block, headers, refused } = packed;
  return {
    ...range,
    numbers,
    block,
    bytes,
    headers: [...headers].map(([index, named]) => [index, clonedHeaders(named)]),
    refused: [...refused],
  };
}

/** What to name in postMessage's transfer list. */
export function transferable({ numbers, block }: Pick<PackedDelivery, 'numbers' | 'block'>): ArrayBuffer[] {
  return [numbers.buffer, block.buffer];
}

export function unpack({ numbers, block, bytes, headers, refused, ...range }: PackedDelivery): Delivery {
  const packed = {
    numbers,
    block: Buffer.from(block.buffer, block.byteOffset, block.byteLength),
    headers: new Map(headers.map(([index, named]) => [index, withBuffers(named)])),
    refused: new Map(refused),
  };
  return { ...range, records: new PackedRun(range.topic, range.partition, packed, bytes) };
}

export type ClonedHeaders = readonly (readonly [string, Uint8Array | null])[];

/** Their values may be views of a large block, all of which would be cloned with them. */
export function clonedHeaders(headers: RecordHeaders): ClonedHeaders {
  return headers.map(([name, value]) => [name, value && new Uint8Array(value)]);
}

/** Cloning turned Buffers into plain Uint8Arrays. */
export function withBuffers(headers: ClonedHeaders): RecordHeaders {
  return headers.map(([name, value]) => [name, value && Buffer.from(value.buffer, value.byteOffset, value.byteLength)]);
}
