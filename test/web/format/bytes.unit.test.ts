import { describe, expect, it } from 'vitest';
import { bytesOf, hexLines, sizeText, textOf } from '../../../src/web/format/bytes.js';

const of = (text: string) => new TextEncoder().encode(text);

describe('bytes', () => {
  it('come from their digits, all of them', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    expect(bytesOf(Buffer.from(all).toString('hex'))).toEqual(all);
    expect(bytesOf('')).toEqual(new Uint8Array());
  });

  it.each(['', 'plain', 'é 漢 🦊', '\ufeffafter a byte order mark', '\u0000'])('are the text %j', (text) => {
    expect(textOf(of(text))).toBe(text);
  });

  it('are no text where they are not UTF-8', () => {
    expect(textOf(new Uint8Array([0x61, 0xff]))).toBeUndefined();
  });

  it('are shown 16 in a line, as many as are wanted', () => {
    expect(hexLines(of('{"a":\t"é"} and more'), 1_000)).toBe(
      '000000  7b 22 61 22 3a 09 22 c3 a9 22 7d 20 61 6e 64 20  {"a":.".."} and \n' +
        '000010  6d 6f 72 65                                      more',
    );
    expect(hexLines(of('abcdef'), 2)).toBe('000000  61 62                                            ab');
    expect(hexLines(of(''), 2)).toBe('');
  });

  it('have a size', () => {
    expect([0, 1, 1_023, 1_536, 3_145_728].map(sizeText)).toEqual(['0 bytes', '1 byte', '1,023 bytes', '1.5 KiB', '3 MiB']);
  });
});
