import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32, murmur2, partitionFor, partitionFunction } from '../../src/log/partitioner.js';

const [, ...lines] = readFileSync(new URL('../fixtures/murmur2.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n');
const vectors = lines.map((line) => {
  const [json, hash, ofFour, ofTwelve] = line.split('\t') as [string, string, string, string];
  return { json, key: Buffer.from(JSON.parse(json) as string), hash: Number(hash), ofFour: Number(ofFour), ofTwelve: Number(ofTwelve) };
});

/** Polynomial division a bit at a time, with no table. */
function bitwiseCrc32(bytes: Uint8Array): number {
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) remainder = remainder % 2n === 1n ? (remainder / 2n) ^ 0xedb88320n : remainder / 2n;
  }
  return Number(remainder ^ 0xffffffffn);
}

/** The hash in unbounded integers, cut to 32 bits after each step. */
function plainMurmur2(bytes: Uint8Array): number {
  const [multiplier, word32] = [0x5bd1e995n, 0xffffffffn];
  const at = (index: number) => BigInt(bytes[index] ?? 0);
  let hash = 0x9747b28cn ^ BigInt(bytes.length);
  let index = 0;
  for (; index + 4 <= bytes.length; index += 4) {
    let word = at(index) + at(index + 1) * 0x100n + at(index + 2) * 0x10000n + at(index + 3) * 0x1000000n;
    word = (word * multiplier) & word32;
    word = ((word ^ (word >> 24n)) * multiplier) & word32;
    hash = ((hash * multiplier) & word32) ^ word;
  }
  if (index < bytes.length) {
    hash ^= at(index) + at(index + 1) * 0x100n + at(index + 2) * 0x10000n;
    hash = (hash * multiplier) & word32;
  }
  hash = ((hash ^ (hash >> 13n)) * multiplier) & word32;
  return Number(BigInt.asIntN(32, hash ^ (hash >> 15n)));
}

describe('murmur2', () => {
  it.each(vectors)("hashes $json and places it as Kafka's Java client does", ({ key, hash, ofFour, ofTwelve }) => {
    expect(murmur2(key)).toBe(hash);
    expect(partitionFor('murmur2', key, 4)).toBe(ofFour);
    expect(partitionFor('murmur2', key, 12)).toBe(ofTwelve);
  });

  it('equals the plain computation for any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => murmur2(bytes) === plainMurmur2(bytes)));
  });
});

describe('crc32', () => {
  it('gives the check value of the standard', () => {
    expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  it('equals the bitwise computation for any bytes, unsigned', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => crc32(bytes) === bitwiseCrc32(bytes)));
  });

  it('places keys by the remainder', () => {
    expect(partitionFor('crc32', Buffer.from('123456789'), 12)).toBe(0xcbf43926 % 12);
  });
});

describe('where a key must lie', () => {
  it('is where its partitioner puts it, and unknown where any is used', () => {
    expect(partitionFunction('murmur2')!(Buffer.from('foobar'), 4)).toBe(2);
    expect(partitionFunction('crc32')!(Buffer.from('foobar'), 4)).toBe(crc32(Buffer.from('foobar')) % 4);
    expect(partitionFunction('any')).toBeNull();
  });

  it('writes with murmur2 where any partitioner is accepted', () => {
    expect(partitionFor('any', Buffer.from('foobar'), 12)).toBe(6);
  });
});
