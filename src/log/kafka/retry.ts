/** Trying again while a broker is away: leaders move and brokers restart, and the same request then succeeds. */
import { pause } from '../../pause.js';
import { isTransient } from './failures.js';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;

export interface RetryLimits {
  /** Since the call; then the last error is thrown. Absent: for ever. */
  readonly withinMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Default: isTransient. */
  readonly mayRetry?: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown) => void;
}

/** @param run is told which attempt it is, from 0: from 1 on, cached metadata may be why the last one failed */
export async function retrying<T>(run: (attempt: number) => Promise<T>, limits: RetryLimits = {}): Promise<T> {
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      const spent = performance.now() - started;
      if (!(limits.mayRetry ?? isTransient)(error) || limits.signal?.aborted === true || spent > (limits.withinMs ?? Infinity)) throw error;
      limits.onRetry?.(error);
      await backOff(attempt, limits.signal);
    }
  }
}

export function pauseMs(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 10));
}

/** Ends early, without an error, when the signal aborts. */
export function backOff(attempt: number, signal?: AbortSignal): Promise<void> {
  return pause(pauseMs(attempt), signal);
}

/** Waits for work whose outcome does not matter any more, but not longer than that. */
export async function settledWithin(work: Promise<unknown>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}
