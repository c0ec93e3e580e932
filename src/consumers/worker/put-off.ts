/**
 * Messages that the log has acknowledged are deleted by the next batch, because a transaction of their own would cost as much as a
 * decision; when no batch comes for a while, by themselves. The shadow's look at decisions is not put off like that: a power failure would
 * cost decisions that are published already their shadow.
 */
import type { Transactions } from './transactions.js';

/** Longer than a decision takes to be read back, which brings the next batch. */
const WAITS_MS = 50;

export class PutOff {
  readonly #transactions: Transactions;
  readonly #wake: () => void;
  #timer: NodeJS.Timeout | undefined;
  #due = false;

  /** `wake` is called when the deletion has waited for long enough. */
  constructor(transactions: Transactions, wake: () => void) {
    this.#transactions = transactions;
    this.#wake = wake;
  }

  get waits(): boolean {
    return this.#transactions.pending.hasAcknowledged;
  }

  /** Whether it has waited for long enough; if not, `wake` will be called. */
  isDue(): boolean {
    if (this.#due) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#wake();
    }, WAITS_MS);
    return false;
  }

  do(): void {
    this.stop();
    this.#transactions.deleteAcknowledged();
  }

  /** Also when a batch has done it. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = false;
  }
}
