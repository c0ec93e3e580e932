/**
 * One assigned partition as the service sees it: its worker (wherever that runs), the publisher of its outbox, what it last
 * reported, and how much of what was delivered still waits.
 */
import { TipstreamError } from '../errors.js';
import type { Delivery, Log } from '../log/port.js';
import { pause } from '../back-off.js';
import { deadLetterDirectory } from '../store/directory/layout.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import type { StoredMessage } from '../store/tables/outbox.js';
import type { KeptOfUser } from '../projections/kept/user-rows.js';
import type { ScoredEvent } from '../topics.js';
import type { ScoreCommand } from '../consumers/fold/scorer.js';
import { Backpressure } from './backpressure.js';
import type { Published } from './metrics/pipeline-metrics.js';
import { PartitionWatch } from './metrics/partition-watch.js';
import { OutboxPublisher } from './outbox/outbox-publisher.js';
import { isDeadLetter } from './outbox/refused-dead-letter.js';
import type { ServiceOptions } from './options.js';
import { logTimeoutOf } from './request-deadline.js';
import { beforeOf, isWorking, workerOf, type Closed, type PartitionLife, type Stopped } from './partition-life.js';
import type { Committed, StartWorker, Worker, WorkerEvents, WorkerStartOptions } from '../consumers/worker/worker-contract.js';

export interface PartitionDeps {
  readonly number: number;
  readonly log: Log;
  /** Read-only connection for profile reads; the partition closes it. */
  readonly reader: PartitionReader;
  readonly options: ServiceOptions;
  /** The one in whose place it comes: read from until this one has begun, and closed then. */
  readonly before: Partition | undefined;
  /** `gained`: by how much each of its counts has grown. */
  readonly onCommitted: (committed: Committed, gained: ReadonlyMap<string, number>) => void;
  readonly onPublished: (published: Published) => void;
  /** The full name of a dead-letter topic that did not take a dead letter whole. */
  readonly onDeadLetterRefused: (topic: string) => void;
  readonly onStopped: (error: TipstreamError) => void;
  /** Fetch this topic again. */
  readonly resume: (topic: string) => void;
}

const FORGETTING_POLL_MS = 5;

export class Partition {
  readonly number: number;
  /** Read-only connection for profile reads. */
  readonly reader: PartitionReader;
  /** For metrics. */
  readonly watch = new PartitionWatch();
  readonly #deps: PartitionDeps;
  readonly #publisher: OutboxPublisher;
  readonly #positions: Map<string, number>;
  readonly #counts = new Map<string, number>();
  readonly #backpressure = new Backpressure();
  readonly #givenUp = new AbortController();
  /** Resolves when the worker is there, or never will be. */
  readonly #settled: Promise<void>;
  #settle: () => void = () => undefined;
  #users = 0;
  #life: PartitionLife;

  constructor(deps: PartitionDeps) {
    const {
      number,
      log,
      reader,
      before,
      options: { logger, clock, at, dataDirectory },
    } = deps;
    this.number = number;
    this.reader = reader;
    this.#deps = deps;
    this.#life = { state: 'opening', before };
    this.#positions = reader.positions();
    this.#settled = new Promise((resolve) => (this.#settle = resolve));
    this.#publisher = new OutboxPublisher(log, {
      partition: number,
      clock,
      at,
      overflowDirectory: deadLetterDirectory(dataDirectory),
      onPublished: (messages) => this.#published(messages),
      onRetry: (error, attempt) => logger.warn({ partition: number, attempt, err: error }, 'publishing failed; trying again'),
      onOverflow: (topic, path, bytes) => {
        deps.onDeadLetterRefused(topic);
        logger.warn({ partition: number, topic, path, bytes }, 'dead letter too large for its topic; kept as a file');
      },
      onUndelivered: (topic, why, path) => {
        deps.onDeadLetterRefused(topic);
        logger.error(
          { partition: number, topic, path, err: why },
          path === undefined
            ? 'dead letter could not be written to a file; its topic has a stub, the record stays at its source'
            : 'dead letter refused by its topic; it is in a file only',
        );
      },
      onFailed: (error) => this.fail(error),
    });
  }

  /** Where it stands. */
  get life(): PartitionLife {
    return this.#life;
  }

  /**
   * Starts the worker when `check` has passed; what is delivered meanwhile waits here, and no more of it than would wait in the worker.
   * A check that throws stops the partition. Without a check, throws what starting the worker throws.
   */
  begin(startWorker: StartWorker, start: WorkerStartOptions, check?: (signal: AbortSignal) => Promise<void>): void {
    if (check === undefined) return this.#begin(startWorker, start);
    const { signal } = this.#givenUp;
    const over = check(signal)
      .then(() => signal.aborted || this.#begin(startWorker, start))
      .catch((error: unknown) => signal.aborted || this.fail(error))
      .then(() => undefined);
    this.#life = { state: 'checking', before: beforeOf(this.#life), early: [], over };
  }

  /** Resolves when the check under way, if any, is over. */
  async opened(): Promise<void> {
    if (this.#life.state === 'checking') await this.#life.over;
  }

  /** Another comes in its place: answers what is read from until that one has begun. One that has not begun itself is closed. */
  handOver(): Partition | undefined {
    if (this.#life.state !== 'opening' && this.#life.state !== 'checking') return this;
    const { before } = this.#life;
    this.#life = { state: 'opening', before: undefined };
    this.close();
    return before;
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
    if (this.#life.state === 'checking') this.#life.early.push(delivery);
    else {
      const worker = workerOf(this.#life);
      if (worker === undefined) return false;
      worker.deliver(delivery);
    }
    return this.#backpressure.delivered(delivery.topic, delivery.records);
  }

  /** Records this decision unless there is one; resolves when tip.scored has it. Throws log_unavailable when that takes too long. */
  async decide(request: ScoreCommand): Promise<ScoredEvent> {
    const { event, seq } = await this.#begun().decide(request);
    if (seq !== undefined) await this.#publisher.reached(seq, logTimeoutOf(this.#deps.options));
    return event;
  }

  /** Scores without recording anything. */
  preview(request: ScoreCommand): Promise<ScoredEvent> {
    return this.#begun().preview(request);
  }

  /** Resolves when everything delivered is applied and published, what an earlier run left included. */
  async idle(): Promise<void> {
    await this.#settled;
    await workerOf(this.#life)?.idle();
    await this.#publisher.flush();
  }

  /** Finishes the batch under way and takes no other until `release`; requests wait. Answers the positions. Throws not_ready. */
  hold(): Promise<ReadonlyMap<string, number>> {
    return this.#begun().hold();
  }

  release(): void {
    workerOf(this.#life)?.release();
  }

  /** While held: applies user.forgotten up to that offset and nothing else, and stays held. Throws timeout. */
  async forgetTo(topic: string, forgottenTo: number, withinMs: number): Promise<void> {
    const worker = this.#begun();
    worker.forgetTo(forgottenTo);
    for (const until = performance.now() + withinMs; (this.#positions.get(topic) ?? 0) < forgottenTo; await pause(FORGETTING_POLL_MS)) {
      this.#begun();
      if (performance.now() < until) continue;
      throw new TipstreamError('timeout', `${topic} partition ${this.number} was not applied up to ${forgottenTo} in time`, {
        hint: 'The user is forgotten when it is: look at the lag of the partition.',
      });
    }
  }

  /** While held: writes the state file anew. false: a reader kept its write-ahead log from being emptied. */
  scrub(): Promise<boolean> {
    return this.#begun().scrub();
  }

  /** While held: what the state has of a user's tips is replaced. */
  replaceKept(userId: string, kept: KeptOfUser): Promise<void> {
    return this.#begun().replaceKept(userId, kept);
  }

  /** Resolves when everything committed so far is acknowledged by the log, or sending has stopped. */
  flushed(): Promise<void> {
    return this.#publisher.flush();
  }

  /** Publishes nothing until `releasePublishing`; resolves when the log has answered what is under way. */
  holdPublishing(): Promise<void> {
    return this.#publisher.hold();
  }

  releasePublishing(): void {
    this.#publisher.release();
  }

  /** The last message of the outbox that this run has published; 0 before the first. */
  get publishedTo(): number {
    return this.#publisher.publishedTo;
  }

  /** Finishes the batch under way and publishes what it has to, as far as `graceMs` allows. */
  async drain(graceMs: number): Promise<void> {
    if (workerOf(this.#life) === undefined) this.#giveUp();
    const work = async () => {
      await workerOf(this.#life)?.drain();
      await this.#publisher.flush();
      await workerOf(this.#life)?.drain(); // once more, to forget what was acknowledged just now
    };
    await Promise.race([work(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }

  close(): void {
    const was = this.#end({ state: 'closed' });
    this.reader.close(); // first: only a writer that closes last leaves everything in one file
    workerOf(was)?.close();
    beforeOf(was)?.close();
  }

  /** For good: the worker does nothing any more; the file stays open for reading. false: that was so already. */
  stop(error: TipstreamError): boolean {
    if (!isWorking(this.#life)) return false;
    const was = this.#end({ state: 'stopped', error });
    workerOf(was)?.close();
    beforeOf(was)?.close();
    return true;
  }

  /** Stops it and says why, once. */
  fail(cause: unknown): void {
    const error =
      cause instanceof TipstreamError
        ? cause
        : new TipstreamError('internal', `partition ${this.number} failed: ${String(cause)}`, { cause });
    if (this.stop(error)) this.#deps.onStopped(error);
  }

  #begin(startWorker: StartWorker, start: WorkerStartOptions): void {
    const worker = startWorker(start, this.#workerEvents());
    const was = this.#life;
    this.#life = { state: 'restoring', worker };
    if (was.state === 'checking') for (const delivery of was.early) worker.deliver(delivery);
    this.#settle();
    beforeOf(was)?.close();
  }

  /** Answers the state that it was in. */
  #end(end: Stopped | Closed): PartitionLife {
    const was = this.#life;
    this.#life = end;
    this.#giveUp();
    this.#publisher.stop();
    return was;
  }

  /** Without a worker by now, it gets none. */
  #giveUp(): void {
    this.#givenUp.abort();
    this.#settle();
  }

  #begun(): Worker {
    const worker = workerOf(this.#life);
    if (worker !== undefined) return worker;
    if (this.#life.state === 'stopped') throw this.#life.error;
    const what = this.#life.state === 'closed' ? 'was revoked' : 'is being opened';
    throw new TipstreamError('not_ready', `partition ${this.number} ${what}`, { hint: 'Ask again in a moment.' });
  }

  #workerEvents(): WorkerEvents {
    const { logger } = this.#deps.options;
    return {
      committed: (committed) => this.#committed(committed),
      running: () => {
        if (this.#life.state === 'restoring') this.#life = { ...this.#life, state: 'running' };
      },
      stopped: (error) => this.fail(error),
      rejected: ({ message, ...record }) =>
        logger.warn({ ...record, reason: message }, 'a record was refused and goes to its dead-letter topic'),
      pruned: ({ horizonMs, tips, rows }) => {
        const went = { partition: this.number, tips, ...(rows === 0 ? {} : { rows }), before: new Date(horizonMs).toISOString() };
        logger.info(went, `pruned ${rows === 0 ? 'tips' : 'tips and other rows'} older than --retain`);
      },
      shadowFailed: (decisionId, reason) =>
        logger.error({ partition: this.number, decision_id: decisionId, reason }, 'the shadow failed; the live decision is not affected'),
    };
  }

  #committed(committed: Committed): void {
    for (const [topic, next] of committed.positions) this.#positions.set(topic, next);
    for (const [name, count] of committed.counts) this.#counts.set(name, count);
    this.#users = committed.users;
    this.#publisher.add(committed.outbox);
    for (const [topic, count] of committed.taken) if (this.#backpressure.applied(topic, count)) this.#deps.resume(topic);
    this.#deps.onCommitted(committed, this.watch.committed(committed));
  }

  #published(messages: readonly StoredMessage[]): void {
    const { seq } = messages.at(-1)!;
    workerOf(this.#life)?.published(seq);
    const deadLetters = new Map<string, number>();
    for (const message of messages) if (isDeadLetter(message)) deadLetters.set(message.topic, (deadLetters.get(message.topic) ?? 0) + 1);
    this.#deps.onPublished({ deadLetters, decisions: this.watch.published(seq, this.#deps.options.clock()) });
  }
}
