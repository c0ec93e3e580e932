/**
 * Partitions that stopped for what passes by itself (a lock that another program holds on the state file, too many open files) are
 * begun again, with growing pauses, for ten minutes; then they stay stopped.
 */
import { backOffMs, type BackOff } from './back-off.js';
import type { ErrorCode, TipstreamError } from './errors.js';

const PASSING: ReadonlySet<ErrorCode> = new Set(['data_in_use', 'too_many_open_files']);
const PAUSES: BackOff = { firstMs: 500, longestMs: 10_000 };
export const PATIENT_FOR_MS = 600_000;

interface Trouble {
  readonly sinceMs: number;
  failures: number;
  timer?: NodeJS.Timeout;
}

export class Patience {
  readonly #troubles = new Map<number, Trouble>();

  /** Calls `again` after a pause, and answers how long that is in ms; undefined: it does not pass, or has not for too long. */
  wait(partition: number, { code }: TipstreamError, again: () => void): number | undefined {
    if (!PASSING.has(code)) return undefined;
    const nowMs = performance.now();
    const trouble = this.#troubles.get(partition) ?? { sinceMs: nowMs, failures: 0 };
    this.#troubles.set(partition, trouble);
    if (nowMs - trouble.sinceMs > PATIENT_FOR_MS) return undefined;
    const pauseMs = backOffMs(PAUSES, (trouble.failures += 1));
    clearTimeout(trouble.timer);
    trouble.timer = setTimeout(() => {
      delete trouble.timer;
      again();
    }, pauseMs);
    return pauseMs;
  }

  /** Whether any partition is to be begun again. */
  get isWaiting(): boolean {
    return [...this.#troubles.values()].some(({ timer }) => timer !== undefined);
  }

  /** It works again, or is nobody's any more. */
  over(partition: number): void {
    clearTimeout(this.#troubles.get(partition)?.timer);
    this.#troubles.delete(partition);
  }

  stop(): void {
    for (const partition of [...this.#troubles.keys()]) this.over(partition);
  }
}
