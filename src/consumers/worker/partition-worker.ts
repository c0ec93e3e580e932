/**
 * The life of one partition's worker:
 *
 *     restoring --(tip.scored read to the end it had at assignment)--> running --(error)--> stopped
 *                                                                         \--(revoked)--> closed
 *
 * Records wait in the merge queue; one loop takes them in timestamp order and applies them a batch at a time, each batch one transaction.
 * What else needs the partition (POST /score) runs between batches. While restoring, candidates are left waiting: their answers
 * may still come out of tip.scored.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';
import type { FaultHook } from '../../fault-points.js';
import type { Registry } from '../../projections/registry.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import { PartitionState } from '../../store/partition-state.js';
import { replaceKept } from '../../store/rebuild/rebuild-user.js';
import type { KeptOfUser } from '../../projections/kept/user-rows.js';
import { ANSWER_TOPICS, FORGOTTEN_TOPIC, fullTopicName, REQUEST_TOPICS, type ScoredEvent, type TopicName } from '../../topics.js';
import { BatchProcessor } from '../fold/batch-processor.js';
import { countByTopic, lastByTopic, lastTimestamps } from './batch-segments.js';
import { BetweenBatches } from './between-batches.js';
import type { SliceLimits } from '../fold/prune.js';
import type { ScoreCommand } from '../fold/scorer.js';
import type { ShadowScore } from '../fold/shadow.js';
import { ForgottenFirst } from './forgotten-first.js';
import type { MergeQueue, Taken } from './merge-queue.js';
import { checkOffsets } from '../../log/checks/offsets.js';
import type { Delivery } from '../../log/port.js';
import type { WorkerOptions } from './options.js';
import { pinStarts } from './pin-starts.js';
import { ProfilesDue } from './profiles-due.js';
import { Pruner } from './pruner.js';
import { PutOff } from './put-off.js';
import type { Decided, Worker, WorkerEvents, WorkerStartOptions } from './worker-contract.js';
import { decodeRulesOf, mergeQueueOf } from './starting.js';
import { Transactions } from './transactions.js';
import { type Turn, Turns } from './turns.js';
import { workerError } from './worker-error.js';

/** What tests replace. */
export interface WorkerDeps {
  readonly registry: Registry;
  /** Unix ms. */
  readonly clock: () => number;
  readonly shadow?: ShadowScore | undefined;
  readonly at?: FaultHook | undefined;
  readonly pruneLimits?: SliceLimits | undefined;
  /** Of the thread. */
  readonly turns?: Turns | undefined;
}

/** Records folded before the event loop gets a turn, within one transaction. */
const SLICE_RECORDS = 1_000;
/** Larger batches of a thread's partitions take turns. */
const SMALL_BATCH_RECORDS = 5_000;

export class PartitionWorker implements Worker {
  readonly #start: WorkerStartOptions;
  readonly #options: WorkerOptions;
  readonly #events: WorkerEvents;
  readonly #clock: () => number;
  readonly #state: PartitionState;
  readonly #processor: BatchProcessor;
  readonly #transactions: Transactions;
  readonly #queue: MergeQueue;
  readonly #positions: Map<string, number>;
  /** Topics whose records are left waiting while restoring. */
  readonly #gated: ReadonlySet<string>;
  readonly #restoreTo: ReadonlyMap<string, number>;
  readonly #forgotten: ForgottenFirst;
  readonly #jobs: BetweenBatches;
  readonly #profiles: ProfilesDue;
  readonly #pruner: Pruner;
  readonly #putOff: PutOff;
  readonly #turn: Turn;
  readonly #registry: Registry;
  readonly #at: FaultHook | undefined;
  #phase: 'restoring' | 'running' | 'stopped' | 'closed' = 'restoring';
  #error: TipstreamError | undefined;
  /** Whether what the log held at assignment is applied; from then on, it is. */
  #reachedEnds = false;
  #looping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #draining = false;
  #held = false;
  readonly #waitingForIdle: (() => void)[] = [];

  /** Throws what opening the state file throws, and offset_out_of_range when the log does not hold what comes next. */
  constructor(
    start: WorkerStartOptions,
    events: WorkerEvents,
    { registry, clock, shadow, at, pruneLimits, turns = new Turns() }: WorkerDeps,
  ) {
    const { identity, topics, ranges, options } = (this.#start = start);
    this.#options = options;
    this.#events = events;
    this.#clock = clock;
    this.#registry = registry;
    this.#at = at;
    this.#turn = turns.turn(() => this.#looping !== undefined || this.#wake());
    this.#jobs = new BetweenBatches((error) => workerError(error, start));
    this.#state = new PartitionState(start.path, identity, registry, 'refuse'); // whoever starts it has made the file
    this.#pruner = new Pruner(this.#state, registry, { retainMs: options.retain, clock, at, limits: pruneLimits });
    try {
      this.#positions = this.#state.positions.all();
      checkOffsets(start.path, identity.partition, this.#positions, ranges);
      pinStarts(this.#state, this.#positions, ranges, clock());
      this.#processor = new BatchProcessor(
        { state: this.#state, registry, topics, onRejected: (rejected) => events.rejected(rejected), shadow },
        { ...options, rules: decodeRulesOf(start), at },
      );
      this.#processor.adoptOptions(clock());
      if (!options.publishProfiles) this.#state.changedProfiles.ignore();
      this.#state.users.find(''); // reads a page of the file, so that damage shows before the first batch
    } catch (error) {
      this.#state.close();
      throw error;
    }
    const shared = { state: this.#state, processor: this.#processor, clock };
    this.#transactions = new Transactions({ ...shared, onCommitted: (committed) => events.committed(committed), at });
    const wake = () => this.#wake();
    this.#profiles = new ProfilesDue({ ...shared, transactions: this.#transactions, atEnds: () => this.#atEnds, wake });
    this.#putOff = new PutOff(this.#transactions, wake);
    const named = (topic: TopicName) => fullTopicName(identity.topicPrefix, topic);
    this.#queue = mergeQueueOf(start, this.#positions);
    this.#gated = new Set(REQUEST_TOPICS.map(named));
    this.#restoreTo = new Map(ANSWER_TOPICS.map(named).map((topic) => [topic, ranges.get(topic)?.end ?? 0]));
    const forgotten = named(FORGOTTEN_TOPIC);
    this.#forgotten = new ForgottenFirst(this.#queue, topics, forgotten, ranges.get(forgotten)?.end ?? 0);
    this.#transactions.report({ startedMs: clock(), positions: this.#positions });
    this.#wake();
  }

  deliver(delivery: Delivery): void {
    if (this.#draining) return;
    this.#guard(() => this.#queue.add(delivery));
    this.#wake();
  }

  decide(request: ScoreCommand): Promise<Decided> {
    return this.#between(() => {
      const user = this.#state.users.find(request.candidates.user_id);
      const known = user && this.#state.decisions.get(user.uid, request.candidates.decision_id);
      if (known !== undefined)
        return { event: known.event, seq: known.scoredOffset === null ? this.#transactions.pending.last : undefined };
      const event = this.#transactions.run((nowMs, outbox) => this.#processor.answer(request, nowMs, outbox)!);
      return { event, seq: this.#transactions.pending.last };
    });
  }

  preview(request: ScoreCommand): Promise<ScoredEvent> {
    return this.#between(() => this.#processor.preview(request, this.#clock()));
  }

  published(seq: number): void {
    this.#transactions.pending.acknowledge(seq);
    this.#wake();
  }

  async idle(): Promise<void> {
    const busy = () => !this.#queue.empty || this.#looping !== undefined || this.#profiles.any || this.#mayPrune();
    while (!this.#over && (busy() || (this.#putOff.waits && !this.#held))) {
      const settled = new Promise<void>((resolve) => this.#waitingForIdle.push(resolve));
      this.#wake();
      await settled;
    }
  }

  async hold(): Promise<ReadonlyMap<string, number>> {
    this.#held = true;
    await this.#looping;
    this.#guard(() => this.#putOff.do());
    if (this.#phase === 'running') return new Map(this.#positions);
    this.release();
    throw this.#unavailable();
  }

  release(): void {
    this.#forgotten.holdNot();
    this.#held = false;
    this.#wake();
  }

  /** While held. */
  forgetTo(forgottenTo: number): void {
    this.release();
    this.#forgotten.reach(forgottenTo, { thenHold: true });
  }

  async scrub(): Promise<boolean> {
    await this.#looping; // what was forgotten last is committed before it is held again
    if (!this.#held || this.#over) throw this.#unavailable();
    return this.#state.scrub();
  }

  /** While held. */
  replaceKept(userId: string, kept: KeptOfUser): Promise<void> {
    if (!this.#held || this.#over) return Promise.reject(this.#unavailable());
    try {
      replaceKept(this.#state, this.#registry, userId, kept, this.#clock(), this.#options.publishProfiles);
      return Promise.resolve();
    } catch (error) {
      this.#stop(error);
      return Promise.reject(this.#error!);
    }
  }

  async drain(): Promise<void> {
    this.#draining = true;
    this.#stopTimers();
    await this.#looping;
    this.#guard(() => {
      this.#profiles.publishLast();
      this.#putOff.do();
    });
  }

  /** At once, because the next owner may open the file at once. */
  close(): void {
    this.#draining = true;
    this.#stopTimers();
    this.#jobs.fail(
      new TipstreamError('not_ready', `partition ${this.#partition} was revoked`, { hint: 'Ask again: its new owner will answer.' }),
    );
    this.#state.close();
    if (this.#phase !== 'stopped') this.#phase = 'closed';
    this.#signalIdle();
  }

  get #partition(): number {
    return this.#start.identity.partition;
  }

  get #over(): boolean {
    return this.#phase === 'stopped' || this.#phase === 'closed';
  }

  #wake(): boolean {
    if (this.#looping !== undefined || this.#draining || this.#held || this.#over) return false;
    clearTimeout(this.#timer);
    this.#looping = this.#loop().then((ended) => {
      this.#looping = undefined;
      if (ended !== 'waits for its turn') this.#turn.leave();
      else if (this.#turn.isCalled) this.#wake();
      this.#signalIdle();
    });
    return true;
  }

  async #loop(): Promise<'waits for its turn' | undefined> {
    // One turn, so that deliveries of the same tick are merged before the first is taken.
    await nextTurn();
    try {
      while (!this.#draining && !this.#held && !this.#over) {
        this.#checkRestored();
        const behind = this.#forgotten.isBehind;
        if (!behind && this.#forgotten.ends()) {
          this.#held = true;
          return;
        }
        if (!behind) this.#jobs.run();
        this.#scoreShadows();
        if (this.#transactions.pending.isTooLarge) return;
        const closed = behind ? this.#forgotten.others : this.#phase === 'restoring' ? this.#gated : NOTHING;
        if (Math.min(this.#queue.waiting(closed), this.#options.maxBatchRecords) <= SMALL_BATCH_RECORDS) this.#turn.leave();
        else if (!this.#turn.take()) return 'waits for its turn';
        const taken = this.#queue.take(this.#options.maxBatchRecords, this.#clock(), closed);
        if (taken.positions.size === 0) {
          if (behind) return;
          if (this.#profiles.publish(this.#waitingForIdle.length > 0)) continue;
          if (this.#queue.empty && this.#mayPrune()) {
            this.#prune();
            await nextTurn();
            continue;
          }
          if (this.#putOff.waits && (this.#waitingForIdle.length > 0 || this.#putOff.isDue())) this.#putOff.do();
          // Something waits for a topic that has not come: look again when patience is over.
          if (!this.#queue.empty) this.#timer = setTimeout(() => this.#wake(), this.#options.maxTaskIdleMs + 1);
          return;
        }
        await this.#apply(taken);
        this.#turn.leave();
        await nextTurn();
      }
    } catch (error) {
      this.#stop(error);
    }
  }

  async #apply({ segments, positions }: Taken): Promise<void> {
    const outbox: StoredMessage[] = [];
    const startedMs = this.#clock();
    this.#state.begin();
    try {
      let nowMs = startedMs;
      let left = SLICE_RECORDS;
      for (const { run, from, to } of segments) {
        for (let index = from; index < to; index++) {
          this.#processor.apply(run.recordAt(index), nowMs, outbox);
          if (--left > 0) continue;
          await nextTurn();
          if (this.#over) return;
          nowMs = this.#clock();
          left = SLICE_RECORDS;
        }
      }
      const last = lastByTopic(segments);
      for (const [topic, next] of positions) this.#state.positions.advance(topic, this.#positions.get(topic), next, last.get(topic));
      this.#at?.('batch: positions written');
      this.#transactions.commit();
    } catch (error) {
      throw this.#transactions.rolledBack(error);
    }
    for (const [topic, next] of positions) this.#positions.set(topic, next);
    this.#transactions.report({ startedMs, outbox, positions, taken: countByTopic(segments), lastMs: lastTimestamps(segments) });
    this.#putOff.stop();
    this.#scoreShadows();
  }

  #scoreShadows(): void {
    if (this.#phase !== 'running' || this.#forgotten.isBehind) return;
    this.#transactions.scoreShadows((decisionId, reason) => this.#events.shadowFailed(decisionId, reason));
  }

  get #atEnds(): boolean {
    return (this.#reachedEnds ||= [...this.#start.ranges].every(([topic, { end }]) => this.#queue.taken(topic) >= end));
  }

  /** Once what the log held at assignment is applied: else the first look would be at a file that is only being filled. */
  #mayPrune(): boolean {
    return this.#phase === 'running' && this.#pruner.isDue() && this.#atEnds;
  }

  /** A step of forgetting old tips. */
  #prune(): void {
    const startedMs = this.#clock();
    const pruned = this.#pruner.step((work) => this.#transactions.run(work));
    if (pruned === undefined) return;
    this.#transactions.report({ startedMs });
    this.#events.pruned(pruned);
  }

  /** Runs `work` between batches. */
  #between<T>(work: () => T): Promise<T> {
    if (this.#phase !== 'running' || this.#draining) return Promise.reject(this.#unavailable());
    const result = this.#jobs.add(work);
    this.#wake();
    return result;
  }

  #unavailable(): TipstreamError {
    const what = this.#phase === 'restoring' ? 'is still restoring its decisions from tip.scored' : 'was revoked';
    return (
      this.#error ?? new TipstreamError('not_ready', `partition ${this.#partition} ${what}`, { hint: 'Ask again when /readyz says ready.' })
    );
  }

  #checkRestored(): void {
    if (this.#phase !== 'restoring') return;
    for (const [topic, end] of this.#restoreTo) if (this.#queue.taken(topic) < end) return;
    this.#transactions.settleLeftovers(this.#start.identity.topicPrefix);
    this.#phase = 'running';
    this.#events.running();
  }

  #stopTimers(): void {
    clearTimeout(this.#timer);
    this.#profiles.stop();
    this.#putOff.stop();
  }

  /** Unless it is over. */
  #guard(work: () => void): void {
    if (this.#over) return;
    try {
      work();
    } catch (error) {
      this.#stop(error);
    }
  }

  #stop(error: unknown): void {
    if (this.#over) return;
    this.#phase = 'stopped';
    this.#error = workerError(error, this.#start);
    this.#state.abandon();
    this.#jobs.fail(this.#error);
    this.#events.stopped(this.#error);
    this.#signalIdle();
  }

  #signalIdle(): void {
    for (const resolve of this.#waitingForIdle.splice(0)) resolve();
  }
}

const NOTHING: ReadonlySet<string> = new Set();
