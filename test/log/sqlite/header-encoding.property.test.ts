import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeaders, encodeHeaders } from '../../../src/log/sqlite/header-encoding.js';

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const headers = fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 140 }), bytes), { maxLength: 8 });

describe('header encoding', () => {
  it('gives back the pairs it was given, in order', () => {
    fc.assert(
      fc.property(headers, (pairs) => {
        expect(decodeHeaders(encodeHeaders(pairs))).toEqual(pairs);
      }),
    );
  });

  it('keeps lengths of more than one and two groups', () => {
    const pairs: [string, Buffer][] = [
      ['n'.repeat(127), Buffer.alloc(128)],
      ['n'.repeat(20_000), Buffer.alloc(17_000, 1)],
    ];
    expect(decodeHeaders(encodeHeaders(pairs))).toEqual(pairs);
  });

  it('costs nothing for no headers', () => {
    expect(encodeHeaders([])).toBeNull();
    expect(encodeHeaders(undefined)).toBeNull();
  });

  it('says so when bytes are missing, wherever they were cut', () => {
    const whole = encodeHeaders([['name', Buffer.alloc(200, 1)]])!;
    for (const length of [1, 3, 5, 6, 100, whole.length - 1]) expect(() => decodeHeaders(whole.subarray(0, length))).toThrow('cut short');
  });
});
