import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestLine, ProfileDigester } from '../../src/projections/digest.js';

describe('a line of the digest', () => {
  it.each([
    [0.5, '0.5'],
    [-0, '0'],
    [1e21, '1e+21'],
    [5e-7, '5e-7'],
    [2, '2'],
    [1 / 3, '0.3333333333333333'],
    [null, 'null'],
    ['', '""'],
    ['null', '"null"'],
    ['a"\n\\', '"a\\"\\n\\\\"'],
    ['\ud800', '"\\ud800"'],
    ['\u{10000}', '"\u{10000}"'],
  ])('prints %j', (value, printed) => {
    expect(digestLine('u', 'f', value)).toBe(`u\tf\t${printed}\n`);
  });
});

describe('the digest', () => {
  it('is the SHA-256 of the lines', () => {
    const digester = new ProfileDigester();
    digester.add('\uffff', { a: 1, b: null });
    digester.add('\u{10000}', { a: 'x', b: 2 });
    const lines = '\uffff\ta\t1\n\uffff\tb\tnull\n\u{10000}\ta\t"x"\n\u{10000}\tb\t2\n';
    expect(digester.finish()).toEqual({ digest: createHash('sha256').update(lines).digest('hex'), users: 2 });
  });

  it('of nobody is that of nothing', () => {
    expect(new ProfileDigester().finish()).toEqual({ digest: createHash('sha256').digest('hex'), users: 0 });
  });

  it('refuses users out of order and twice', () => {
    const digester = new ProfileDigester();
    digester.add('b', { a: 1 });
    expect(() => digester.add('b', { a: 1 })).toThrow(/"b" came after "b"/);
    expect(() => digester.add('a', { a: 1 })).toThrow(/"a" came after "b"/);
  });
});
