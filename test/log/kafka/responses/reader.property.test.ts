/** Responses come whole, whatever pieces the socket gives them in, and their memory is used again once it is given back. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { giveBack, responseBuffer } from '../../../../src/log/kafka/responses/buffers.js';
import { ResponseReader } from '../../../../src/log/kafka/responses/reader.js';

const SCRATCH = 65_536;

/** Its size, and as many bytes that differ from those of others. */
function responseOf(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(4 + length);
  bytes.writeInt32BE(length);
  for (let at = 4; at < bytes.length; at++) bytes[at] = (at * 31 + seed) % 251;
  return bytes;
}

/** Gives the reader the bytes as a socket does: as many as it has room for, and as there are. */
function receive(reader: ResponseReader, bytes: Buffer, pieces: () => number): void {
  for (let at = 0; at < bytes.length; ) {
    const { room } = reader;
    expect(room.length).toBeGreaterThan(0);
    const taken = bytes.copy(room, 0, at, Math.min(bytes.length, at + pieces()));
    reader.filled(taken);
    at += taken;
  }
}

const length = fc.oneof(
  fc.nat(40),
  fc.nat(2_000),
  fc.integer({ min: SCRATCH - 8, max: SCRATCH + 8 }),
  fc.integer({ min: 0, max: 600_000 }),
);
const piece = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 200_000 }));

it('every response is handed on once, whole and in order, though the memory of each goes to the next', () => {
  fc.assert(
    fc.property(fc.array(length, { minLength: 1, maxLength: 8 }), fc.array(piece, { minLength: 1, maxLength: 30 }), (lengths, sizes) => {
      const sent = lengths.map((each, index) => responseOf(each, index));
      const found: Buffer[] = [];
      const reader = new ResponseReader((bytes) => {
        for (let at = 0; at < bytes.length; ) {
          const end = at + 4 + bytes.readInt32BE(at);
          expect(end).toBeLessThanOrEqual(bytes.length);
          found.push(Buffer.from(bytes.subarray(at, end)));
          at = end;
        }
        giveBack(bytes.subarray(4));
      });
      let next = 0;
      receive(reader, Buffer.concat(sent), () => sizes[next++ % sizes.length]!);
      expect(found.map((each) => each.toString('latin1'))).toEqual(sent.map((each) => each.toString('latin1')));
    }),
    { numRuns: 40 },
  );
});

it('hands on what is no response as it comes, and does not wait for the size that it seems to claim', () => {
  const found: string[] = [];
  const reader = new ResponseReader((bytes) => found.push(bytes.toString()));
  const text = Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n');
  receive(reader, text, () => text.length);
  expect(found).toEqual([text.toString()]);
});

it('memory that is lent goes to nobody else before it is given back, and then to one', () => {
  const first = responseBuffer(3_000_000);
  const second = responseBuffer(3_000_000);
  expect(second.buffer).not.toBe(first.buffer);
  giveBack(first.subarray(100, 200));
  giveBack(first); // it is not lent any more
  const [third, fourth] = [responseBuffer(2_500_000), responseBuffer(2_500_000)];
  expect(third.buffer).toBe(first.buffer);
  expect(third.length).toBe(2_500_000);
  expect([first.buffer, second.buffer]).not.toContain(fourth.buffer);
});

it('memory of others is left alone', () => {
  const others = Buffer.allocUnsafeSlow(2_000_000);
  giveBack(others);
  expect(responseBuffer(2_000_000).buffer).not.toBe(others.buffer);
});
