import { setImmediate } from 'node:timers/promises';

/** Longer than this nobody else waits for the thread: what answers HTTP has its turn in between. */
const SLICE_MS = 2;

/**
 * Goes through items whose taking is the work, such as rows of a query, a slice at a time. Throws what either side throws, and the
 * signal's reason.
 */
export async function inSlices<T>(items: Iterable<T>, signal: AbortSignal, take: (item: T) => void): Promise<void> {
  signal.throwIfAborted();
  let endsMs = performance.now() + SLICE_MS;
  for (const item of items) {
    take(item);
    if (performance.now() < endsMs) continue;
    await setImmediate();
    signal.throwIfAborted();
    endsMs = performance.now() + SLICE_MS;
  }
}
