/** Trying again while a broker is away: leaders move and brokers restart, and the same request then succeeds. */
import type { RetryOptions } from 'kafkajs';
import { backOffMs, BROKER, pause } from '../../back-off.js';
import { isTransient } from './failures.js';

/** kafkajs' own attempts. Reads and appends retry on their own terms, where they can be stopped; kafkajs should give up soon. */
export const SHORT_RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1000, retries: 3 };
/** For group members: a crash costs them their session. */
export const LONG_RETRY: RetryOptions = { initialRetryTime: 100, maxRetryTime: 1000, retries: 1000 };

/** How long a record may take to be written, with all attempts: as delivery.timeout.ms of the Java client. */
export const DELIVERED_WITHIN_MS = 120_000;
/** How long a question about topics and offsets may take, with all attempts. */
export const DESCRIBED_WITHIN_MS = 15_000;
/** What a request may take longer than the broker was told to take for it. */
export const NETWORK_SLACK_MS = 5_000;
/** How late new partitions and new leaders are noticed, at most. */
export const METADATA_MAX_AGE_MS = 60_000;
/** How often it is logged that something still fails. */
export const WARNS_EVERY_MS = 5_000;

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

/** @param attempt the one that failed, from 0 */
export function pauseMs(attempt: number): number {
  return backOffMs(BROKER, attempt + 1);
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
