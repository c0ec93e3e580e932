/** Deliveries on their way to another thread: their blocks are handed over instead of cloned, and leave this thread with nothing. */
import type { Rejected } from '../../../events/rejection.js';
import { PackedRun, packedRun } from '../../../log/packed-run.js';
import type { Delivery } from '../../../log/port.js';

export interface PackedDelivery extends Omit<Delivery, 'records'> {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly block: Uint8Array<ArrayBuffer>;
  /** Of keys, values and payloads. */
  readonly bytes: number;
  readonly headers: readonly (readonly [index: number, headers: readonly (readonly [string, Uint8Array | null])[]])[];
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
    // Views of a large block, all of which would be cloned with them.
    headers: [...headers].map(([index, pairs]) => [index, pairs.map(([name, value]) => [name, value && new Uint8Array(value)] as const)]),
    refused: [...refused],
  };
}

/** What to name in postMessage's transfer list. */
export function transferable(packed: PackedDelivery): ArrayBuffer[] {
  return [packed.numbers.buffer, packed.block.buffer];
}

export function unpack({ numbers, block, bytes, headers, refused, ...range }: PackedDelivery): Delivery {
  const packed = {
    numbers,
    block: Buffer.from(block.buffer, block.byteOffset, block.byteLength),
    headers: new Map(
      headers.map(([index, pairs]) => [index, pairs.map(([name, value]) => [name, value === null ? null : Buffer.from(value)] as const)]),
    ),
    refused: new Map(refused),
  };
  return { ...range, records: new PackedRun(range.topic, range.partition, packed, bytes) };
}
