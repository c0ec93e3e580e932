import { setTimeout as delay } from 'node:timers/promises';
import type { ErrorCode, TipstreamError } from './errors.js';

/** How long to wait before the same thing is tried again, for everything that is tried again with growing pauses. */
export interface BackOff {
  /** After the first failure. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** A request to a Kafka broker: leaders move and brokers restart within seconds. */
export const BROKER: BackOff = { firstMs: 50, longestMs: 1_000 };
/** The log, while a partition waits for it before it can open. */
export const OPENING: BackOff = { firstMs: 100, longestMs: 2_000 };
/** The log, while messages wait to be published. */
export const PUBLISHING: BackOff = { firstMs: 100, longestMs: 5_000 };
/** The schema registry, while a partition waits for a schema. */
export const SCHEMA_REGISTRY: BackOff = { firstMs: 200, longestMs: 5_000 };
/** The gateway of the model: other callers may be waiting for it too. */
export const GATEWAY: BackOff = { firstMs: 200, longestMs: 5_000 };

/** Milliseconds to wait after so many failures, from 1 on: doubles from failure to failure up to the longest. */
export function backOffMs({ firstMs, longestMs }: BackOff, failures: number): number {
  return Math.min(longestMs, firstMs * 2 ** (failures - 1));
}

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

/** Resolves after so many milliseconds, or as soon as the signal aborts; never rejects. */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
