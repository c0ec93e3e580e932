/**
 * What the next batch does along with its own work, because a transaction of its own would cost as much as a decision: the shadow's look
 * at decisions that are committed and on their way, and the deletion of messages that the log has acknowledged. When no batch comes for a
 * while, it is done by itself.
 */
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
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

  /** Within the transaction of a batch, before its records: the shadow sees nothing that the batch brings. */
  beginBatch(nowMs: number, outbox: StoredMessage[]): void {
    if (this.#shadowsWait) this.#scoreShadows(nowMs, outbox);
  }

  /** The batch is committed, and with it what `beginBatch` did and the deletion. Many requests at once leave more shadows than that. */
  endBatch(): void {
    this.stop();
    while (this.#shadowsWait && this.#deps.state.shadowPending.waiting > SHADOWS_AT_ONCE) this.#scoreAlone();
  }

  do(): void {
    this.stop();
    while (this.#shadowsWait) this.#scoreAlone();
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

  #scoreAlone(): void {
    this.#deps.transactions.run((nowMs, outbox) => this.#scoreShadows(nowMs, outbox));
  }

  #scoreShadows(nowMs: number, outbox: StoredMessage[]): void {
    const { processor, onShadowFailed } = this.#deps;
    processor.scoreShadows(SHADOWS_AT_ONCE, nowMs, outbox, (decisionId, error) =>
      onShadowFailed(decisionId, error instanceof Error ? error.message : String(error)),
    );
  }
}
