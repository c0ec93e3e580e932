/** How long work on several partitions is waited for. */
import { setTimeout as delay } from 'node:timers/promises';

/** Resolves when all have; rejects, with the first reason, only when none is under way any more. */
export async function allOf<T>(work: readonly (Promise<T> | T)[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  const failed = settled.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return settled.map((each) => (each as PromiseFulfilledResult<T>).value);
}

/** Waits no longer than that. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const limit = new AbortController();
  await Promise.race([work, delay(ms, undefined, { signal: limit.signal }).catch(() => undefined)]).finally(() => limit.abort());
}

/** Rejects with the signal's reason when that aborts first; the work goes on. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
