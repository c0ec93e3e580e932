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
