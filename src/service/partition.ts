/**
 * One assigned partition as the service sees it: its worker (wherever that runs), the publisher of what it owes, what it last
 * reported, and how much of what was delivered still waits.
 */
import { TipstreamError } from '../errors.js';
import type { Delivery, Log } from '../log/port.js';
import { deadLetterDirectory } from '../store/directory/layout.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import type { TipState } from '../projections/tip.js';
import type { ScoredEvent } from '../topics.js';
import type { ScoreCommand } from '../consumers/fold/scorer.js';
import { Backpressure } from './backpressure.js';
import { OutboxPublisher } from './outbox-publisher.js';
import type { ServiceOptions } from './options.js';
import type { Committed, StartWorker, Worker, WorkerEvents, WorkerStartOptions } from '../consumers/worker/worker-contract.js';

export interface PartitionEvents {
  /** The worker is there, and what was delivered is with it. */
  readonly onBegun: () => void;
  readonly onCommitted: (committed: Committed) => void;
  readonly onStopped: (error: TipstreamError) => void;
  /** Fetch this topic again. */
  readonly resume: (topic: string) => void;
}

export class Partition {
  readonly number: number;
  /** Read-only connection for profile reads. */
  readonly reader: PartitionReader;
  readonly #options: ServiceOptions;
  readonly #events: PartitionEvents;
  readonly #publisher: OutboxPublisher;
  #worker: Worker | undefined;
  #positions: Map<string, number>;
  readonly #counts = new Map<string, number>();
  readonly #backpressure = new Backpressure();
  /** Delivered before the worker began. */
  readonly #early: Delivery[] = [];
  readonly #givenUp = new AbortController();
  /** Until the log is known to be the one that was applied. */
  #opening: Promise<void> | undefined;
  readonly #settled: Promise<void>;
  #settle: () => void = () => undefined;
  #users = 0;
  #running = false;
  #stopped = false;

  constructor(number: number, log: Log, reader: PartitionReader, options: ServiceOptions, events: PartitionEvents) {
    this.number = number;
    this.reader = reader;
    this.#options = options;
    this.#events = events;
    this.#positions = reader.positions();
    this.#settled = new Promise((resolve) => (this.#settle = resolve));
    const { logger, clock, at } = options;
    this.#publisher = new OutboxPublisher(log, {
      partition: number,
      clock,
      at,
      overflowDirectory: deadLetterDirectory(options.dataDirectory),
      onPublished: (seq) => this.#worker?.published(seq),
      onRetry: (error, attempt) => logger.warn({ partition: number, attempt, err: error }, 'publishing failed; trying again'),
      onOverflow: (topic, path, bytes) =>
        logger.warn({ partition: number, topic, path, bytes }, 'dead letter too large for its topic; kept as a file'),
      onFailed: (error) => this.fail(error),
    });
  }

  /**
   * Starts the worker when `check` has passed; what is delivered meanwhile waits here, and no more of it than would wait in the worker.
   * A check that throws stops the partition. Without a check, throws what starting the worker throws.
   */
  begin(start: StartWorker, setup: WorkerStartOptions, check?: (signal: AbortSignal) => Promise<void>): void {
    if (check === undefined) return this.#begin(start, setup);
    const { signal } = this.#givenUp;
    this.#opening = check(signal)
      .then(() => signal.aborted || this.#begin(start, setup))
      .catch((error: unknown) => signal.aborted || this.fail(error))
      .then(() => (this.#opening = undefined));
  }

  /** Resolves when the check under way, if any, is over. */
  async opened(): Promise<void> {
    await this.#opening;
  }

  get begun(): boolean {
    return this.#worker !== undefined;
  }

  /** Whether candidates are answered: what was decided in the past is restored. */
  get running(): boolean {
    return this.#running && !this.#stopped;
  }

  /** topic -> next offset, committed to the state file. */
  get positions(): ReadonlyMap<string, number> {
    return this.#positions;
  }

  /** Counts since the state file was made. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  get users(): number {
    return this.#users;
  }

  /** Messages committed and not yet acknowledged by the log. */
  get backlog(): number {
    return this.#publisher.backlog;
  }

  /** Records fetched and not yet applied. */
  get waiting(): number {
    return this.#backpressure.records;
  }

  /** false: too much of this topic waits; `resume` will ask for more. */
  deliver(delivery: Delivery): boolean {
    if (this.#stopped || (this.#worker ?? this.#opening) === undefined) return false;
    if (this.#worker === undefined) this.#early.push(delivery);
    else this.#worker.deliver(delivery);
    return this.#backpressure.delivered(delivery.topic, delivery.records);
  }

  /** Records this decision unless there is one; resolves when tip.scored has it. */
  async decide(request: ScoreCommand): Promise<ScoredEvent> {
    const { event, seq } = await this.#begun().decide(request);
    if (seq !== undefined) await this.#publisher.reached(seq);
    return event;
  }

  /** Scores without recording anything. */
  preview(request: ScoreCommand): Promise<ScoredEvent> {
    return this.#begun().preview(request);
  }

  /** Resolves when everything delivered is applied and published, what an earlier run left included. */
  async idle(): Promise<void> {
    await this.#settled;
    await this.#worker?.idle();
    await this.#publisher.flush();
  }

  /** Finishes the batch under way and takes no other until `release`; requests wait. Answers the positions. Throws not_ready. */
  hold(): Promise<ReadonlyMap<string, number>> {
    return this.#begun().hold();
  }

  release(): void {
    this.#worker?.release();
  }

  /** While held: what the state has of a user's tips is replaced. */
  replaceTips(userId: string, tips: ReadonlyMap<string, TipState>): Promise<void> {
    return this.#begun().replaceTips(userId, tips);
  }

  /** Resolves when everything committed so far is acknowledged by the log, or sending has stopped. */
  flushed(): Promise<void> {
    return this.#publisher.flush();
  }

  /** The last message of the outbox that this run has published; 0 before the first. */
  get publishedTo(): number {
    return this.#publisher.publishedTo;
  }

  /** Finishes the batch under way and publishes what is owed, as far as `graceMs` allows. */
  async drain(graceMs: number): Promise<void> {
    if (this.#worker === undefined) this.#giveUp();
    const work = async () => {
      await this.#worker?.drain();
      await this.#publisher.flush();
      await this.#worker?.drain(); // once more, to forget what was acknowledged just now
    };
    await Promise.race([work(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }

  close(): void {
    this.#stopped = true;
    this.#giveUp();
    this.#publisher.stop();
    this.reader.close(); // first: only a writer that closes last leaves everything in one file
    this.#worker?.close();
  }

  /** The worker does nothing any more; its file stays open for reading. */
  halt(): void {
    this.#stopped = true;
    this.#giveUp();
    this.#publisher.stop();
    this.#worker?.close();
  }

  #begin(start: StartWorker, setup: WorkerStartOptions): void {
    this.#worker = start(setup, this.#workerEvents());
    for (const delivery of this.#early.splice(0)) this.#worker.deliver(delivery);
    this.#settle();
    this.#events.onBegun();
  }

  #giveUp(): void {
    this.#givenUp.abort();
    this.#early.length = 0;
    this.#settle();
  }

  #begun(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    throw new TipstreamError('not_ready', `partition ${this.number} is being opened`, { hint: 'ask again in a moment' });
  }

  #workerEvents(): WorkerEvents {
    const { logger } = this.#options;
    return {
      committed: (committed) => this.#committed(committed),
      running: () => {
        this.#running = true;
      },
      stopped: (error) => this.fail(error),
      rejected: ({ message, ...record }) => logger.warn({ ...record, reason: message }, 'record rejected to its dead letters'),
      pruned: ({ horizonMs, tips }) =>
        logger.info({ partition: this.number, tips, before: new Date(horizonMs).toISOString() }, 'pruned tips older than --retain'),
      shadowFailed: (decisionId, reason) =>
        logger.error({ partition: this.number, decision_id: decisionId, reason }, 'the shadow failed; the live decision is not affected'),
    };
  }

  #committed(committed: Committed): void {
    for (const [topic, next] of committed.positions) this.#positions.set(topic, next);
    for (const [name, count] of committed.counts) this.#counts.set(name, count);
    this.#users = committed.users;
    this.#publisher.add(committed.outbox);
    for (const [topic, count] of committed.taken) if (this.#backpressure.applied(topic, count)) this.#events.resume(topic);
    this.#events.onCommitted(committed);
  }

  /** Stops it for good and says why, once. */
  fail(cause: unknown): void {
    if (this.#stopped) return;
    this.halt();
    const error =
      cause instanceof TipstreamError
        ? cause
        : new TipstreamError('internal', `partition ${this.number} failed: ${String(cause)}`, { cause });
    this.#events.onStopped(error);
  }
}
