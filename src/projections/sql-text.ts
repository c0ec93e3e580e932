/**
 * Text as SQLite keeps it in a column of type ANY. UTF-8, and so TEXT, cannot hold lone surrogates, which categories may contain; such
 * a text is kept as a BLOB of its code points encoded in the manner of UTF-8 (WTF-8). The bytes of TEXT and BLOB together then sort by
 * code point, which a UTF-16 BLOB would not do, and `ORDER BY CAST(served_category AS BLOB)` is the order that ties are broken by.
 */

/** What to bind for a text: itself when it is well-formed, else its WTF-8 bytes. */
export function textForSql(text: string): string | Uint8Array {
  return text.isWellFormed() ? text : wtf8(text);
}

/** The text behind a value read from such a column. */
export function textFromSql(stored: string | Uint8Array): string {
  if (typeof stored === 'string') return stored;
  let text = '';
  for (let i = 0; i < stored.length; ) {
    const lead = stored[i]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let codePoint = length === 1 ? lead : lead & (0x7f >> length);
    for (let k = 1; k < length; k++) codePoint = (codePoint << 6) | (stored[i + k]! & 0x3f);
    text += String.fromCodePoint(codePoint);
    i += length;
  }
  return text;
}

function wtf8(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    if (codePoint < 0x80) bytes.push(codePoint);
    else if (codePoint < 0x800) bytes.push(0xc0 | (codePoint >> 6), trail(codePoint, 0));
    else if (codePoint < 0x10000) bytes.push(0xe0 | (codePoint >> 12), trail(codePoint, 6), trail(codePoint, 0));
    else bytes.push(0xf0 | (codePoint >> 18), trail(codePoint, 12), trail(codePoint, 6), trail(codePoint, 0));
  }
  return Uint8Array.from(bytes);
}

function trail(codePoint: number, shift: number): number {
  return 0x80 | ((codePoint >> shift) & 0x3f);
}
