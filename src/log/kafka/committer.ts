/** Commits positions as a hint for lag tools: one request at a time, the newest position of each partition, errors only logged. */
import type { Consumer } from 'kafkajs';
import { rootCause } from './failures.js';
import type { LogFunction } from './options.js';
import { settledWithin } from './retry.js';

const CALLER_WAITS_MS = 2000;

export class Committer {
  readonly #waiting = new Map<string, { topic: string; partition: number; offset: string }>();
  #committing: Promise<void> | undefined;

  constructor(
    readonly consumer: Consumer,
    readonly log: LogFunction,
  ) {}

  /** Resolves when the positions were committed or could not be; while the broker is away they go on waiting without the caller. */
  async commit(partition: number, positions: ReadonlyMap<string, number>): Promise<void> {
    for (const [topic, offset] of positions) this.#waiting.set(`${topic}/${partition}`, { topic, partition, offset: String(offset) });
    await settledWithin((this.#committing ??= this.#commitAll()), CALLER_WAITS_MS);
  }

  /** Somebody else commits for it from now on. */
  forget(partition: number): void {
    for (const [name, waiting] of this.#waiting) if (waiting.partition === partition) this.#waiting.delete(name);
  }

  async #commitAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const offsets = [...this.#waiting.values()];
      this.#waiting.clear();
      try {
        await this.consumer.commitOffsets(offsets);
      } catch (error) {
        // A rebalance took the partition, or the member is gone; the next owner commits its own.
        this.log('debug', 'A commit was not taken', { error: rootCause(error).message });
      }
    }
    this.#committing = undefined;
  }
}
