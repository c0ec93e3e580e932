/**
 * Memory for large responses, used again once what they hold is copied out of them. Left to the garbage collector, buffers of megabytes
 * make it collect the whole heap of the service's thread several times a second, and find nothing there.
 */

const MIB = 1_048_576;
/** Smaller ones are not worth it. */
const LEAST_BYTES = 262_144;
/** A response of fetches is hardly larger: see RESPONSE_BYTES in ../fetch-request.ts. */
const MOST_BYTES = 16 * MIB;
/** Free ones, of all connections of a thread. */
const KEPT = 2;

const lent = new WeakSet<ArrayBufferLike>();
const free: Buffer[] = [];

/** A buffer of that length. Whoever is done with it may give it back. */
export function responseBuffer(length: number): Buffer {
  if (length < LEAST_BYTES || length > MOST_BYTES) return Buffer.allocUnsafeSlow(length);
  const found = free.findIndex((buffer) => buffer.length >= length);
  // In whole MiB, so that one of a size like it fits too.
  const [whole] = found >= 0 ? free.splice(found, 1) : [Buffer.allocUnsafeSlow(Math.ceil(length / MIB) * MIB)];
  lent.add(whole!.buffer);
  return whole!.subarray(0, length);
}

/** The response of which `bytes` are a part is not needed any more. Bytes of anything else are left alone. */
export function giveBack(bytes: Buffer): void {
  if (!lent.delete(bytes.buffer)) return;
  free.push(Buffer.from(bytes.buffer));
  free.sort((one, other) => one.length - other.length);
  if (free.length > KEPT) free.shift();
}
