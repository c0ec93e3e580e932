/**
 * What follows a committed batch. The shadow looks at its decisions at once, in transactions of its own: put off, a decision that is
 * published already could lose its shadow to a power failure. Messages that the log has acknowledged are deleted by the next batch, because
 * a transaction of their own would cost as much as a decision; when no batch comes for a while, by themselves.
 */
import type { PartitionState } from '../../store/partition-state.js';
import type { BatchProcessor } from '../fold/batch-processor.js';
import type { Transactions } from './transactions.js';

export interface PutOffDeps {
  readonly state: PartitionState;
  readonly processor: BatchProcessor;
  readonly transactions: Transactions;
  /** Whether the shadow may answer at all by now. */
  readonly mayScore: () => boolean;
  readonly onShadowFailed: (decisionId: string, reason: string) => void;
  /** Called when it has waited for long enough. */
  readonly wake: () => void;
}

/** Longer than a decision takes to be read back, which brings the next batch. */
const WAITS_MS = 50;
const SHADOWS_AT_ONCE = 200;

export class PutOff {
  readonly #deps: PutOffDeps;
  #timer: NodeJS.Timeout | undefined;
  #due = false;

  constructor(deps: PutOffDeps) {
    this.#deps = deps;
  }

  get waits(): boolean {
    return this.#shadowsWait || this.#deps.transactions.pending.hasAcknowledged;
  }

  /** Whether it has waited for long enough; if not, `wake` will be called. */
  isDue(): boolean {
    if (this.#due) return true;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#due = true;
      this.#deps.wake();
    }, WAITS_MS);
    return false;
  }

  /** The batch is committed, and with it the deletion; the live answers are on their way. */
  endBatch(): void {
    this.stop();
    this.scoreShadows();
  }

  /** All that wait. */
  scoreShadows(): void {
    const { transactions, processor, onShadowFailed } = this.#deps;
    const failed = (decisionId: string, error: unknown) =>
      onShadowFailed(decisionId, error instanceof Error ? error.message : String(error));
    while (this.#shadowsWait) transactions.run((nowMs, outbox) => processor.scoreShadows(SHADOWS_AT_ONCE, nowMs, outbox, failed));
  }

  do(): void {
    this.stop();
    this.scoreShadows();
    this.#deps.transactions.deleteAcknowledged();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#due = false;
  }

  get #shadowsWait(): boolean {
    return this.#deps.state.shadowPending.waiting > 0 && this.#deps.mayScore();
  }
}
