/**
 * The seam between a partition's worker, which folds, and the service, which talks to the log and to HTTP. A worker runs in the
 * service's own thread (inline) or in a worker thread (threads/); what crosses the seam can be cloned, so that both are the same to
 * both sides.
 */
import type { ObservedTopic } from '../fold/observed.js';
import type { RejectedRecord, Scoring } from '../fold/reports.js';
import type { Delivery, OffsetRange } from '../../log/port.js';
import type { StateIdentity } from '../../store/state-file.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { ScoredEvent } from '../../topics.js';
import type { KeptOfUser } from '../../projections/kept/user-rows.js';
import type { TipstreamError } from '../../errors.js';
import type { ScoreCommand } from '../fold/scorer.js';
import type { WorkerOptions } from './options.js';
import type { PruneReport } from './pruner.js';

/** What a worker needs to begin. */
export interface WorkerStartOptions {
  readonly path: string;
  readonly identity: StateIdentity;
  /** Full names of the consumed topics, in the order of records with equal timestamps. */
  readonly topics: readonly string[];
  /** What the log held of each topic at assignment. */
  readonly ranges: ReadonlyMap<string, OffsetRange>;
  readonly options: WorkerOptions;
}

/** A transaction that is committed. */
export interface Committed {
  /** topic -> next offset; only topics that moved. */
  readonly positions: ReadonlyMap<string, number>;
  /** topic -> records that no longer wait. */
  readonly taken: ReadonlyMap<string, number>;
  /** topic -> timestamp of the last record, Unix ms; only topics that moved. */
  readonly lastMs: ReadonlyMap<string, number>;
  /** topic -> what its records said of themselves. */
  readonly observed: ReadonlyMap<string, ObservedTopic>;
  /** Time inside the transaction, ms. */
  readonly tookMs: number;
  /** What is now pending for the log, in order. */
  readonly outbox: readonly StoredMessage[];
  /** Counts that changed, as they stand. */
  readonly counts: ReadonlyMap<string, number>;
  readonly users: number;
  /** What was scored in it, in order. */
  readonly scored: readonly Scoring[];
}

/** How many of them there were, of all topics. */
export function recordsIn({ taken }: Pick<Committed, 'taken'>): number {
  let records = 0;
  for (const count of taken.values()) records += count;
  return records;
}

/** What a worker tells its service. */
export interface WorkerEvents {
  committed(committed: Committed): void;
  /** Decisions of the past are restored: candidates are answered from now on. */
  running(): void;
  /** The batch under way was rolled back; the worker does nothing any more. */
  stopped(error: TipstreamError): void;
  rejected(record: RejectedRecord): void;
  /** Tips all of whose times lay before the horizon have been forgotten. */
  pruned(report: PruneReport): void;
  /** The live decision is not affected. */
  shadowFailed(decisionId: string, reason: string): void;
}

export interface Decided {
  readonly event: ScoredEvent;
  /** The outbox message that publishes it; undefined when it was published or recorded before. */
  readonly seq: number | undefined;
}

/** What a service asks of a worker. */
export interface Worker {
  deliver(delivery: Delivery): void;
  /** Records this decision unless there is one. */
  decide(request: ScoreCommand): Promise<Decided>;
  /** Scores without recording anything. */
  preview(request: ScoreCommand): Promise<ScoredEvent>;
  /** The log has acknowledged the outbox up to and including `seq`. */
  published(seq: number): void;
  /** Resolves when nothing waits to be applied. */
  idle(): Promise<void>;
  /**
   * Finishes the batch under way and takes no other until `release`; what is asked meanwhile waits. Answers the positions it stands at.
   * Throws not_ready.
   */
  hold(): Promise<ReadonlyMap<string, number>>;
  release(): void;
  /** While held: applies user.forgotten up to that offset and nothing else. `committed` tells when it has; then it is held as before. */
  forgetTo(forgottenTo: number): void;
  /** While held: writes the state file anew and empties its write-ahead log. false: a reader was in the way of that. */
  scrub(): Promise<boolean>;
  /** While held: what the state has of a user's tips is replaced. */
  replaceKept(userId: string, kept: KeptOfUser): Promise<void>;
  /** Finishes the batch under way and takes no other. */
  drain(): Promise<void>;
  /** Closes the file; a batch under way is rolled back. */
  close(): void;
}

export type StartWorker = (start: WorkerStartOptions, events: WorkerEvents) => Worker;
