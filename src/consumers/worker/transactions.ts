/**
 * A worker's transactions: what is done in one is committed with the deletion of what the log has acknowledged, and is then reported
 * with the messages that are to be published. One that fails leaves the state, and what is in memory of it, as it was.
 */
import type { FaultHook } from '../../fault-points.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { BatchProcessor } from '../fold/batch-processor.js';
import { settleLeftovers } from './leftovers.js';
import { PendingOutbox } from './pending-outbox.js';
import type { Committed } from './worker-contract.js';

export interface TransactionsDeps {
  readonly state: PartitionState;
  readonly processor: BatchProcessor;
  /** Unix ms. */
  readonly clock: () => number;
  readonly onCommitted: (committed: Committed) => void;
  readonly at?: FaultHook | undefined;
}

export type WorkInTransaction<T> = (nowMs: number, outbox: StoredMessage[]) => T;

/** What a batch came to, besides its messages. Absent positions and counts: it was none of records. */
export interface TransactionReport {
  readonly startedMs: number;
  readonly outbox?: readonly StoredMessage[];
  /** topic -> next offset; only topics that moved. */
  readonly positions?: ReadonlyMap<string, number>;
  /** topic -> records that no longer wait. */
  readonly taken?: ReadonlyMap<string, number>;
  /** topic -> timestamp of the last record, Unix ms. */
  readonly lastMs?: ReadonlyMap<string, number>;
}

const SHADOWS_AT_ONCE = 200;
const NOTHING: ReadonlyMap<string, number> = new Map();

export class Transactions {
  readonly pending = new PendingOutbox();
  readonly #deps: TransactionsDeps;
  /** Messages up to this one are an earlier run's and wait; 0: none do. */
  #leftoversTo: number;

  constructor(deps: TransactionsDeps) {
    this.#deps = deps;
    this.#leftoversTo = deps.state.outbox.last();
  }

  /** Does `work` in a transaction of its own; reports it when it is committed and has messages to publish. */
  run<T>(work: WorkInTransaction<T>): T {
    const outbox: StoredMessage[] = [];
    const startedMs = this.#deps.clock();
    this.#deps.state.begin();
    let result: T;
    try {
      result = work(startedMs, outbox);
      this.commit();
    } catch (error) {
      throw this.rolledBack(error);
    }
    if (outbox.length > 0) this.report({ startedMs, outbox });
    return result;
  }

  /** What the log has acknowledged is deleted with the next transaction; when there is none, with this one. */
  deleteAcknowledged(): void {
    if (this.pending.hasAcknowledged) this.run(() => undefined);
  }

  /** The shadow's look at all decisions that wait for it, whose live answers are on their way. */
  scoreShadows(onFailed: (decisionId: string, reason: string) => void): void {
    const { state, processor } = this.#deps;
    const failed = (decisionId: string, error: unknown) => onFailed(decisionId, error instanceof Error ? error.message : String(error));
    while (state.shadowPending.waiting > 0) this.run((nowMs, outbox) => processor.scoreShadows(SHADOWS_AT_ONCE, nowMs, outbox, failed));
  }

  /** The transaction that the caller has begun. */
  commit(): void {
    const { state, clock, at } = this.#deps;
    const { acknowledged } = this.pending;
    if (this.pending.hasAcknowledged) state.outbox.deleteBetween(this.#leftoversTo, acknowledged);
    state.commit(clock(), at);
    this.pending.deletedUpTo(acknowledged);
  }

  /** Rolls back the transaction that the caller has begun; answers the error to throw. */
  rolledBack(error: unknown): unknown {
    const reported = this.#deps.state.rollback(error);
    this.#deps.processor.forget();
    return reported;
  }

  /** Tells of what is committed. */
  report({ startedMs, outbox = [], positions = NOTHING, taken = NOTHING, lastMs = NOTHING }: TransactionReport): void {
    const { state, processor, clock, onCommitted } = this.#deps;
    this.pending.add(outbox);
    const nowMs = clock();
    onCommitted({
      positions,
      taken,
      lastMs,
      observed: processor.takeObserved(nowMs),
      outbox,
      tookMs: nowMs - startedMs,
      counts: state.counts.takeChanged(),
      users: state.users.count,
      scored: processor.takeScored(),
    });
  }

  /** What an earlier run left; called once what the log held at assignment is read. */
  settleLeftovers(topicPrefix: string): void {
    if (this.#leftoversTo === 0) return;
    this.run((_, outbox) => settleLeftovers(this.#deps.state, topicPrefix, this.#leftoversTo, outbox));
    this.#leftoversTo = 0;
  }
}
