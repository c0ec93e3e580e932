/** What the producer encodes, the reader decodes: any records, any range of offsets. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeRecords, splitBatches } from '../../../src/log/kafka/record-batch.js';
import { encodeBatch, recordBytes } from '../../../src/log/kafka/record-encoding.js';
import type { LogRecord } from '../../../src/log/port.js';

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
        const decoded: LogRecord[] = [];
        for (const batch of splitBatches(Buffer.concat(log), [])) decodeRecords(batch, 't', 5, from, to, decoded);
        expect(decoded).toEqual(expected.filter((each) => each.offset >= from && each.offset < to));
      },
    ),
    { numRuns: 300 },
  );
});

it('leaves a batch that is cut off at the end for the next fetch, wherever it is cut', () => {
  const batch = encodeBatch([{ topic: 't', key: null, value: Buffer.from('whole'), timestampMs: 1 }], producer);
  const two = Buffer.concat([stored(batch, 0), stored(batch, 1)]);
  for (let length = 0; length <= two.length; length++) {
    expect(splitBatches(two.subarray(0, length), []).length).toBe(Math.floor(length / batch.length));
  }
});

it('never takes more bytes for a record than it says', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 50 }), (records) => {
      const bound = records.reduce((total, each) => total + recordBytes(each), 61);
      expect(encodeBatch(records, producer).length).toBeLessThanOrEqual(bound);
    }),
  );
});
