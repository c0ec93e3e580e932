import type { Worker as Thread } from 'node:worker_threads';

/** Tells a thread to end, and resolves when it has; one that takes too long is cut short. */
export function endedWithin(thread: Thread, withinMs: number, tell: () => void): Promise<unknown> {
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  const cut = setTimeout(() => void thread.terminate(), withinMs);
  tell();
  return ended.finally(() => clearTimeout(cut));
}
