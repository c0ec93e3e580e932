/** What the producer encodes, the reader decodes: any records, any range of offsets. */
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canStay, recordsInPlace, recordsOf, splitBatches } from '../../../src/log/kafka/record-batch.js';
import { encodeBatch, recordBytes } from '../../../src/log/kafka/record-encoding.js';
import { pack, transferable, unpack } from '../../../src/consumers/worker/threads/record-packing.js';
import type { LogRecord } from '../../../src/log/port.js';
import { runOf } from '../../../src/log/record-run.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const record = fc.record({
  topic: fc.constant('t'),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), bytes), { maxLength: 4 }),
  timestampMs: fc.integer({ min: 0, max: 253_402_300_799_999 }),
});
const producer = { producerId: 4242n, epoch: 3, sequence: 17 };

/** A batch as the broker stores it: with its offset filled in, which the checksum does not cover. */
function stored(encoded: Buffer, baseOffset: number): Buffer {
  const copy = Buffer.from(encoded);
  copy.writeBigInt64BE(BigInt(baseOffset));
  return copy;
}

/** In memory of their own, as a fetch has them. */
function fetched(batches: readonly Buffer[]): Buffer {
  return Buffer.from(Uint8Array.from(Buffer.concat(batches)).buffer);
}

it('decodes the batches it encodes, within the asked range', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(record, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 4 }),
      fc.nat(2 ** 40),
      fc.nat(100),
      fc.nat(100),
      (lists, base, skip, take) => {
        let offset = base;
        const expected: LogRecord[] = [];
        const log = lists.map((records) => {
          const encoded = stored(encodeBatch(records, producer), offset);
          for (const each of records) expected.push({ ...each, partition: 5, offset: offset++ });
          return encoded;
        });
        const [from, to] = [base + skip, base + skip + take];
        const run = recordsOf(splitBatches(fetched(log), []), 't', 5, from, to);
        const all = recordsInPlace(splitBatches(fetched(log), []), 't', 5, from);
        expect([...all]).toEqual(expected.filter((each) => each.offset >= from));
        const wanted = expected.filter((each) => each.offset >= from && each.offset < to);
        expect([...run]).toEqual(wanted);
        expect(wanted.map((_, index) => ({ offset: run.offsetAt(index), timestampMs: run.timestampAt(index) }))).toEqual(
          wanted.map(({ offset: at, timestampMs }) => ({ offset: at, timestampMs })),
        );
        expect(run.bytes).toBe(runOf(wanted).bytes);
        const delivery = { topic: 't', partition: 5, fromOffset: from, nextOffset: to, endOffset: to, records: run };
        const packed = pack(delivery);
        const across = unpack(structuredClone(packed, { transfer: transferable(packed) }));
        expect([...across.records]).toEqual(wanted);
        // What is handed over is gone, but how much it was stays known.
        expect([run.length, run.bytes]).toEqual([across.records.length, across.records.bytes]);
      },
    ),
    { numRuns: 300 },
  );
});

it('says that a batch is damaged, or reads what it can, whichever byte of it is another', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(255), (records, where, byte) => {
      const bytes = fetched([stored(encodeBatch(records, producer), 100)]);
      // Behind the header but for the number of records: what comes before is the broker's.
      const at = 57 + (where % (bytes.length - 57));
      bytes[at] = byte;
      let found: readonly LogRecord[];
      try {
        found = [...recordsOf(splitBatches(bytes, []), 't', 5, 0)];
      } catch (error) {
        expect(error).toMatchObject({ code: 'log_failed' });
        return;
      }
      expect(found.length).toBeLessThanOrEqual(records.length);
    }),
    { numRuns: 500 },
  );
});

it('leaves a batch that is cut off at the end for the next fetch, wherever it is cut', () => {
  const batch = encodeBatch([{ topic: 't', key: null, value: Buffer.from('whole'), timestampMs: 1 }], producer);
  const two = Buffer.concat([stored(batch, 0), stored(batch, 1)]);
  for (let length = 0; length <= two.length; length++) {
    expect(splitBatches(two.subarray(0, length), []).length).toBe(Math.floor(length / batch.length));
  }
});

it('leaves records that are not compressed where they are, beside what is passed over', () => {
  const [first, second] = [0, 1].map((offset) =>
    stored(encodeBatch([{ topic: 't', key: null, value: Buffer.from(`value ${offset}`), timestampMs: 1 }], producer), offset),
  );
  second!.writeInt16BE(0x30, 21); // a marker of a transaction
  const bytes = fetched([first!, second!, stored(first!, 2)]);
  const split = splitBatches(bytes, []);
  expect(canStay(split)).toBe(true);
  const run = recordsInPlace(split, 't', 5, 0);
  expect([...run].map(({ offset, value }) => [offset, value!.toString()])).toEqual([
    [0, 'value 0'],
    [2, 'value 0'],
  ]);
  expect(run.packed.block.buffer).toBe(bytes.buffer);
});

it('puts compressed records and others into memory of their own', () => {
  const values = [randomBytes(2_000).toString('hex'), 'short'];
  const batches = values.map((value, offset) =>
    stored(encodeBatch([{ topic: 't', key: null, value: Buffer.from(value), timestampMs: 1 }], producer), offset),
  );
  const body = gzipSync(batches[0]!.subarray(61));
  const gzipped = Buffer.concat([batches[0]!.subarray(0, 61), body]);
  gzipped.writeInt32BE(gzipped.length - 12, 8);
  gzipped.writeInt16BE(1, 21);
  const bytes = fetched([gzipped, batches[1]!]);
  expect(canStay(splitBatches(bytes, []))).toBe(false);
  const run = recordsOf(splitBatches(bytes, []), 't', 5, 0);
  expect([...run].map(({ value }) => value!.toString())).toEqual(values);
  expect(run.packed.block.buffer).not.toBe(bytes.buffer);
});

it('takes records out of memory that holds mostly something else', () => {
  const batch = stored(encodeBatch([{ topic: 't', key: null, value: Buffer.from('whole'), timestampMs: 1 }], producer), 0);
  const cutOff = Buffer.alloc(3 * batch.length, batch.subarray(0, 8));
  cutOff.writeInt32BE(4 * batch.length, 8);
  const split = splitBatches(fetched([batch, cutOff]), []);
  expect(split.length).toBe(1);
  expect(canStay(split)).toBe(false);
});

it('never takes more bytes for a record than it says', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 50 }), (records) => {
      const bound = records.reduce((total, each) => total + recordBytes(each), 61);
      expect(encodeBatch(records, producer).length).toBeLessThanOrEqual(bound);
    }),
  );
});
