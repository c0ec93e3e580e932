/** In which pieces a fetch is handed over: in its own memory, or in parts where that would be too much at once. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Feed } from '../../../src/log/kafka/feed.js';
import { encodeBatch } from '../../../src/log/kafka/record-encoding.js';

function batchOf(from: number, count: number): Buffer {
  const one = { topic: 't', key: null, value: Buffer.from('v'), timestampMs: 1 };
  const bytes = Buffer.from(
    encodeBatch(
      Array.from({ length: count }, () => one),
      { producerId: -1n, epoch: -1, sequence: -1 },
    ),
  );
  bytes.writeBigInt64BE(BigInt(from), 0);
  return bytes;
}

function gzipped(batch: Buffer): Buffer {
  const bytes = Buffer.concat([batch.subarray(0, 61), gzipSync(batch.subarray(61))]);
  bytes.writeInt32BE(bytes.length - 12, 8);
  bytes.writeInt16BE(1, 21);
  return bytes;
}

/** How many records each piece has, whether it has the memory of the fetch, and all offsets. */
function pieces(...batches: readonly Buffer[]) {
  const records = Buffer.from(Uint8Array.from(Buffer.concat(batches)).buffer);
  const feed = new Feed('t', 0, 0, 0);
  feed.accept({ topic: 't', partition: 0, errorCode: 0, lastStableOffset: feed.end, aborted: [], records });
  const found: { readonly length: number; readonly inPlace: boolean }[] = [];
  const offsets: number[] = [];
  while (feed.hasDelivery) {
    const run = feed.take();
    found.push({ length: run.length, inPlace: run.packed.block.buffer === records.buffer });
    // What crosses to another thread is gone for everybody else.
    offsets.push(
      ...Array.from(structuredClone(run.packed.numbers, { transfer: [run.packed.numbers.buffer] })).filter((_, n) => n % 7 === 0),
    );
    structuredClone(run.packed.block, { transfer: [run.packed.block.buffer] });
  }
  expect([feed.waitingBytes, feed.position]).toEqual([0, offsets.length]);
  expect(offsets).toEqual(offsets.map((_, index) => index));
  return found;
}

describe('a fetch is handed over', () => {
  it('at once in its own memory', () => {
    expect(pieces(batchOf(0, 3_000), batchOf(3_000, 3_000))).toEqual([{ length: 6_000, inPlace: true }]);
  });

  it('in parts when it has very many records', () => {
    expect(pieces(...[0, 1, 2, 3, 4].map((n) => batchOf(n * 5_000, 5_000)))).toEqual(
      [0, 1, 2, 3, 4].map(() => ({ length: 5_000, inPlace: false })),
    );
  });

  it('in parts when any of it is compressed, none of which has its memory', () => {
    expect(pieces(batchOf(0, 5_000), gzipped(batchOf(5_000, 5_000)), batchOf(10_000, 10))).toEqual([
      { length: 5_000, inPlace: false },
      { length: 5_000, inPlace: false },
      { length: 10, inPlace: false },
    ]);
  });
});
