import type { Worker as Thread } from 'node:worker_threads';

const END_WITHIN_MS = 1_000;

/** Tells a thread to end, and resolves when it has; one that takes too long is cut short. */
export function endedWithin(thread: Thread, tell: () => void): Promise<unknown> {
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  const cut = setTimeout(() => void thread.terminate(), END_WITHIN_MS);
  tell();
  return ended.finally(() => clearTimeout(cut));
}
