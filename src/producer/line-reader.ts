/** Bytes in any pieces in, lines out: without their line ends, as bytes so that bad UTF-8 can still be seen, and bounded. */

/** JSON may write one byte of a value as six (\u0041); a line longer than this cannot hold a value that the log takes. */
export const MAX_LINE_BYTES = 8 * 1024 * 1024;
/** Of a line for `produce --raw`: the largest record that a log takes, in base64. */
export const MAX_RAW_LINE_BYTES = 96 * 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Lines end in LF or CR LF; the last one may go without. A line longer than `maxLineBytes` comes out cut to one byte more, which says
 * that it was too long without holding all of it.
 */
export async function* linesOf(pieces: AsyncIterable<Uint8Array | string>, maxLineBytes: number = MAX_LINE_BYTES): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let first = true;

  const take = (piece: Buffer): void => {
    const room = maxLineBytes + 1 - heldBytes;
    if (room <= 0 || piece.length === 0) return;
    held.push(piece.length <= room ? piece : piece.subarray(0, room));
    heldBytes += Math.min(piece.length, room);
  };
  const finish = (): Buffer => {
    let line = held.length === 1 ? held[0]! : Buffer.concat(held, heldBytes);
    held = [];
    heldBytes = 0;
    if (line.at(-1) === CARRIAGE_RETURN) line = line.subarray(0, -1);
    if (first && line.subarray(0, 3).equals(BYTE_ORDER_MARK)) line = line.subarray(3);
    first = false;
    return line;
  };

  for await (const given of pieces) {
    const piece = typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.buffer, given.byteOffset, given.byteLength);
    let start = 0;
    for (let end = piece.indexOf(LINE_FEED); end !== -1; end = piece.indexOf(LINE_FEED, start)) {
      take(piece.subarray(start, end));
      yield finish();
      start = end + 1;
    }
    take(piece.subarray(start));
  }
  if (heldBytes > 0) yield finish();
}
