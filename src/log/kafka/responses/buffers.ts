/**
 * Memory for large responses, used again once what they hold is copied out of them. Left to the garbage collector, buffers of megabytes
 * make it collect the whole heap of the service's thread several times a second, and find nothing there.
 */

const LEAST_BYTES = 1_048_576;
/** A response of fetches is hardly larger: see RESPONSE_BYTES in ../fetch-request.ts. */
const MOST_BYTES = 16 * 1_048_576;
/** One for each connection that fetches. */
const KEPT = 2;

const lent = new WeakSet<ArrayBufferLike>();
const free: Buffer[] = [];

/** A buffer of that length. Whoever is done with it may give it back. */
export function responseBuffer(length: number): Buffer {
  if (length > MOST_BYTES) return Buffer.allocUnsafeSlow(length);
  const index = free.findIndex((buffer) => buffer.length >= length);
  const [whole] = index >= 0 ? free.splice(index, 1) : [Buffer.allocUnsafeSlow(roomFor(length))];
  lent.add(whole!.buffer);
  return whole!.subarray(0, length);
}

/** The response of which `bytes` are a part is not needed any more. Bytes of anything else are left alone. */
export function giveBack(bytes: Buffer): void {
  if (!lent.delete(bytes.buffer)) return;
  free.push(Buffer.from(bytes.buffer));
  if (free.length > KEPT) free.splice(smallest(), 1);
}

function smallest(): number {
  return free.reduce((least, buffer, index) => (buffer.length < free[least]!.length ? index : least), 0);
}

/** So that one of a size like it fits too. */
function roomFor(length: number): number {
  return Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(length)));
}
