/** The profiles that have changed, published when nothing else is to be done. */
import type { PartitionState } from '../../store/partition-state.js';
import type { BatchProcessor } from '../fold/batch-processor.js';
import type { Transactions } from './transactions.js';

const AT_ONCE = 500;
/** As many as can be published at the end without holding it up. */
const AT_LAST = 2_000;
const EVERY_MS = 1_000;

export interface ProfilesDueDeps {
  readonly state: PartitionState;
  readonly processor: BatchProcessor;
  readonly transactions: Transactions;
  /** Unix ms. */
  readonly clock: () => number;
  /**
   * Whether what the log held at assignment is applied: the owner before this one may have published what this one has yet to read, so
   * nothing is published before. A profile never goes back in time.
   */
  readonly atEnds: () => boolean;
  /** Called when the time has come. */
  readonly wake: () => void;
}

export class ProfilesDue {
  readonly #deps: ProfilesDueDeps;
  #lastMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(deps: ProfilesDueDeps) {
    this.#deps = deps;
  }

  /** Whether any are to be published, now or later. */
  get any(): boolean {
    return this.#deps.state.changedProfiles.size > 0 && this.#deps.atEnds();
  }

  /** Publishes some of them when they are due, or at once when a caller waits until none are left. Answers whether it published any. */
  publish(isWaitedFor: boolean): boolean {
    if (!this.any || (!this.#isDue() && !isWaitedFor)) return false;
    this.#publish(AT_ONCE);
    if (this.#deps.state.changedProfiles.size === 0) this.#lastMs = this.#deps.clock();
    return true;
  }

  /**
   * When the partition is given up: publishes those that are left, unless there are too many. The next owner would publish every user's
   * otherwise.
   */
  publishLast(): void {
    if (this.any && this.#deps.state.changedProfiles.size <= AT_LAST) this.#publish(AT_LAST);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #publish(limit: number): void {
    const { transactions, processor } = this.#deps;
    transactions.run((nowMs, outbox) => processor.publishProfiles(limit, nowMs, outbox));
  }

  /** At most every second, so that a user in the middle of a burst is published once. If not, `wake` will be called. */
  #isDue(): boolean {
    const sinceMs = this.#deps.clock() - this.#lastMs;
    // Negative when the clock was set back.
    if (sinceMs < 0 || sinceMs >= EVERY_MS) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#deps.wake();
    }, EVERY_MS - sinceMs);
    return false;
  }
}
