/** What counts as an id or a label in an event (lengths are in Unicode code points, as JSON Schema counts them). */

const PLAIN_ID = /^[\x20-\x7e]{1,128}$/;

const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** The longest id or label, in code points. */
export const MAX_CODE_POINTS = 128;

/** Number of code points; a lone surrogate counts as one. Stops counting past `limit`. */
function codePointsUpTo(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  let count = 0;
  for (const _ of text) if (++count > limit) break;
  return count;
}

/** Well-formed, 1 to 128 code points, no control characters (C0, DEL, C1). */
export function isId(text: string): boolean {
  if (PLAIN_ID.test(text)) return true;
  return text.length > 0 && codePointsUpTo(text, MAX_CODE_POINTS) <= MAX_CODE_POINTS && !CONTROL.test(text) && text.isWellFormed();
}

/** Any text of up to 128 code points, the empty one included. */
export function isLabel(text: string): boolean {
  return codePointsUpTo(text, MAX_CODE_POINTS) <= MAX_CODE_POINTS;
}

/**
 * Order by Unicode code point, which is also the order of the UTF-8 bytes and SQLite's BINARY collation. JavaScript's own `<` compares
 * UTF-16 units and puts U+E000-U+FFFF after the supplementary planes.
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const high = i > 0 ? a.charCodeAt(i - 1) : 0;
    if (high >= 0xd800 && high <= 0xdbff) {
      // After a shared high surrogate, a low one makes a pair, which is above everything that follows a lone one.
      const xPaired = x >= 0xdc00 && x <= 0xdfff;
      const yPaired = y >= 0xdc00 && y <= 0xdfff;
      if (xPaired !== yPaired) return xPaired ? 1 : -1;
      if (xPaired) return x - y;
    }
    return a.codePointAt(i)! - b.codePointAt(i)!;
  }
  return a.length - b.length;
}
