/**
 * The life of one partition's worker:
 *
 *     restoring --(tip.scored read to the end it had at assignment)--> running --(error)--> stopped
 *                                                                         \--(given up)--> closed
 *
 * Records wait in the merge queue; one loop takes them in timestamp order and applies them a batch at a time, each batch one transaction.
 * What else needs the partition (POST /score) runs between batches. While restoring, candidates are left waiting: their answers
 * may still come out of tip.scored.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import { partitionFunction } from '../log/partitioner.js';
import type { OffsetRange } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import type { StoredMessage } from '../store/outbox.js';
import { PartitionState } from '../store/partition-state.js';
import { stateError } from '../store/state-file.js';
import { fullTopicName, type CandidatesEvent, type ScoredEvent, type TopicName } from '../topics.js';
import { BatchProcessor } from './batch-processor.js';
import type { ShadowScore } from './fold/shadow.js';
import { MergeQueue, type Segment, type Taken } from './merge-queue.js';
import { checkOffsets } from './offset-check.js';
import type { RunDelivery } from './record-run.js';
import type { Decided, Worker, WorkerEvents, WorkerSetup } from './worker-contract.js';

/** What tests replace. */
export interface WorkerDependencies {
  readonly registry: Registry;
  /** Unix ms. */
  readonly clock: () => number;
  readonly shadow?: ShadowScore | undefined;
}

/** Records folded before the event loop gets a turn, within one transaction. */
const SLICE_RECORDS = 1_000;
/** A candidates record is answered with a message of kilobytes that the batch holds in memory: it counts for this many facts. */
const CANDIDATES_WEIGHT = 50;
const SHADOWS_AT_ONCE = 200;
const PROFILES_AT_ONCE = 500;
const PROFILES_EVERY_MS = 1_000;
/** As many as can be published at the end without holding it up. */
const PROFILES_AT_LAST = 2_000;
/** Messages that the log has not acknowledged, above which no further batch is taken. */
const MAX_UNPUBLISHED_MESSAGES = 4_000;
const LEFTOVERS_AT_ONCE = 1_000;

interface Job {
  readonly run: () => void;
  readonly fail: (error: TipstreamError) => void;
}

export class PartitionWorker implements Omit<Worker, 'deliver'> {
  readonly #setup: WorkerSetup;
  readonly #events: WorkerEvents;
  readonly #clock: () => number;
  readonly #state: PartitionState;
  readonly #processor: BatchProcessor;
  readonly #queue: MergeQueue;
  readonly #positions: Map<string, number>;
  /** Topics whose records are left waiting while restoring. */
  readonly #gated: ReadonlySet<string>;
  readonly #restoreTo: ReadonlyMap<string, number>;
  readonly #jobs: Job[] = [];
  #phase: 'restoring' | 'running' | 'stopped' | 'closed' = 'restoring';
  #error: TipstreamError | undefined;
  #looping: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #profilesTimer: NodeJS.Timeout | undefined;
  #profilesAtMs = 0;
  #draining = false;
  /** The newest outbox message, the newest that the log has acknowledged, and up to where they are deleted. */
  #owed = 0;
  #acknowledged = 0;
  #deleted = 0;
  #waitingForIdle: (() => void)[] = [];

  /** Throws what opening the state file throws, and offset_out_of_range when the log does not hold what comes next. */
  constructor(setup: WorkerSetup, events: WorkerEvents, { registry, clock, shadow }: WorkerDependencies) {
    const { identity, topics, ranges, scoring, group } = setup;
    this.#setup = setup;
    this.#events = events;
    this.#clock = clock;
    this.#state = new PartitionState(setup.path, identity, registry);
    try {
      this.#positions = this.#state.positions.all();
      checkOffsets(setup.path, identity.partition, this.#positions, ranges);
      this.#pinStarts(ranges);
      const rules = { maxValueBytes: setup.maxValueBytes, partitions: identity.partitions, partitioner: partitionFunction(setup.partitioner) };
      this.#processor = new BatchProcessor(this.#state, registry, topics, { topicPrefix: identity.topicPrefix, group, rules, scoring, publishProfiles: setup.publishProfiles }, (rejected) => events.rejected(rejected), shadow);
      this.#processor.adoptOptions(clock());
      this.#state.users.find(''); // reads a page of the file, so that damage shows before the first batch
    } catch (error) {
      this.#state.close();
      throw error;
    }
    const named = (topic: TopicName) => fullTopicName(identity.topicPrefix, topic);
    const starts = new Map(topics.map((topic) => [topic, this.#positions.get(topic) ?? ranges.get(topic)?.low ?? 0]));
    this.#queue = new MergeQueue({ topics, maxIdleMs: setup.maxTaskIdleMs, weights: new Map([[named('tip.candidates'), CANDIDATES_WEIGHT]]) }, starts, new Map([...ranges].map(([topic, range]) => [topic, range.end])));
    this.#gated = new Set([named('tip.candidates')]);
    this.#restoreTo = new Map([named('tip.scored'), named('tip.scored.shadow')].map((topic) => [topic, ranges.get(topic)?.end ?? 0]));
    this.#handOverLeftovers();
    this.#wake();
  }

  deliver(delivery: RunDelivery): void {
    if (this.#over || this.#draining) return;
    this.#guard(() => this.#queue.add(delivery));
    this.#wake();
  }

  decide(request: CandidatesEvent): Promise<Decided> {
    return this.#between(() => {
      const user = this.#state.users.find(request.user_id);
      const known = user && this.#state.decisions.get(user.uid, request.decision_id);
      if (known !== undefined) return { event: known.event, seq: known.scoredOffset === null ? this.#owed : undefined };
      const event = this.#transaction((nowMs, outbox) => this.#processor.answer(request, nowMs, outbox)!);
      return { event, seq: this.#owed };
    });
  }

  preview(request: CandidatesEvent): Promise<ScoredEvent> {
    return this.#between(() => this.#processor.preview(request, this.#clock()));
  }

  published(seq: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, seq);
    this.#wake();
  }

  async idle(): Promise<void> {
    const busy = () => !this.#queue.empty || this.#looping !== undefined || this.#state.changedProfiles.size > 0;
    while (!this.#over && busy()) {
      const settled = new Promise<void>((resolve) => this.#waitingForIdle.push(resolve));
      this.#wake();
      await settled;
    }
  }

  async drain(): Promise<void> {
    this.#draining = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#profilesTimer);
    await this.#looping;
    if (this.#over) return;
    this.#guard(() => {
      // Left unsaid, they would cost the next owner a profile of every user.
      const { size } = this.#state.changedProfiles;
      if (size > 0 && size <= PROFILES_AT_LAST) this.#transaction((nowMs, outbox) => this.#processor.announceProfiles(PROFILES_AT_LAST, nowMs, outbox));
      this.#deleteAcknowledged();
    });
  }

  /** At once, because the next owner may open the file at once. */
  close(): void {
    this.#draining = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#profilesTimer);
    this.#failJobs(new TipstreamError('not_ready', `partition ${this.#partition} has been given up`, { hint: 'ask again: its new owner will answer' }));
    this.#state.close();
    if (this.#phase !== 'stopped') this.#phase = 'closed';
    this.#signalIdle();
  }

  get #partition(): number {
    return this.#setup.identity.partition;
  }

  get #over(): boolean {
    return this.#phase === 'stopped' || this.#phase === 'closed';
  }

  #wake(): void {
    if (this.#looping !== undefined || this.#draining || this.#over) return;
    clearTimeout(this.#timer);
    this.#looping = this.#loop().finally(() => {
      this.#looping = undefined;
      this.#signalIdle();
    });
  }

  async #loop(): Promise<void> {
    // One turn, so that deliveries of the same tick are merged before the first is taken.
    await nextTurn();
    try {
      while (!this.#draining && !this.#over) {
        this.#checkRestored();
        this.#runJobs();
        if (this.#owed - this.#acknowledged > MAX_UNPUBLISHED_MESSAGES) return;
        const taken = this.#queue.take(this.#setup.maxBatchRecords, this.#clock(), this.#phase === 'restoring' ? this.#gated : NOTHING);
        if (taken.positions.size === 0) {
          if (this.#announceProfiles()) continue;
          this.#deleteAcknowledged();
          // Something waits for a topic that has not come: look again when patience is over.
          if (!this.#queue.empty) this.#timer = setTimeout(() => this.#wake(), this.#setup.maxTaskIdleMs + 1);
          return;
        }
        await this.#apply(taken);
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
      for (const [topic, next] of positions) this.#state.positions.advance(topic, this.#positions.get(topic), next);
      this.#commit();
    } catch (error) {
      throw this.#rolledBack(error);
    }
    for (const [topic, next] of positions) this.#positions.set(topic, next);
    this.#report(outbox, startedMs, positions, countByTopic(segments));
    this.#scoreShadows();
  }

  /** The live answers are on their way: now the shadow may look. */
  #scoreShadows(): void {
    const report = (decisionId: string, error: unknown) => this.#events.shadowFailed(decisionId, error instanceof Error ? error.message : String(error));
    while (this.#state.shadowPending.waiting > 0) this.#transaction((nowMs, outbox) => this.#processor.scoreShadows(SHADOWS_AT_ONCE, nowMs, outbox, report));
  }

  /**
   * When nothing else is to be done: the profiles that have changed, at most every PROFILES_EVERY_MS, so that a user in the middle of a burst is published
   * once. Answers whether any were.
   */
  #announceProfiles(): boolean {
    if (this.#state.changedProfiles.size === 0) return false;
    const sinceMs = this.#clock() - this.#profilesAtMs;
    const dueInMs = PROFILES_EVERY_MS - sinceMs;
    // sinceMs is negative when the clock was set back.
    if (sinceMs >= 0 && dueInMs > 0 && this.#waitingForIdle.length === 0) {
      this.#profilesTimer ??= setTimeout(() => {
        this.#profilesTimer = undefined;
        this.#wake();
      }, dueInMs);
      return false;
    }
    this.#transaction((nowMs, outbox) => this.#processor.announceProfiles(PROFILES_AT_ONCE, nowMs, outbox));
    if (this.#state.changedProfiles.size === 0) this.#profilesAtMs = this.#clock();
    return true;
  }

  #deleteAcknowledged(): void {
    if (this.#acknowledged > this.#deleted) this.#transaction(() => undefined);
  }

  #transaction<T>(work: (nowMs: number, outbox: StoredMessage[]) => T): T {
    const outbox: StoredMessage[] = [];
    const nowMs = this.#clock();
    this.#state.begin();
    let result: T;
    try {
      result = work(nowMs, outbox);
      this.#commit();
    } catch (error) {
      throw this.#rolledBack(error);
    }
    if (outbox.length > 0) this.#report(outbox, nowMs, new Map(), new Map());
    return result;
  }

  #commit(): void {
    const acknowledged = this.#acknowledged;
    if (acknowledged > this.#deleted) this.#state.outbox.deleteUpTo(acknowledged);
    this.#state.commit(this.#clock());
    this.#deleted = acknowledged;
  }

  #rolledBack(error: unknown): unknown {
    const reported = this.#state.rollback(error);
    this.#processor.forget();
    return reported;
  }

  #report(outbox: readonly StoredMessage[], startedMs: number, positions: ReadonlyMap<string, number>, taken: ReadonlyMap<string, number>): void {
    const first = outbox[0];
    if (first !== undefined && this.#owed === 0) this.#acknowledged = this.#deleted = first.seq - 1;
    this.#owed = outbox.at(-1)?.seq ?? this.#owed;
    this.#events.committed({ positions, taken, outbox, tookMs: this.#clock() - startedMs, tallies: this.#state.tallies.takeChanged(), users: this.#state.users.count });
  }

  /** A topic of which nothing was read yet stands at its low end from now on: else what is deleted of it before it is applied would not be missed. */
  #pinStarts(ranges: ReadonlyMap<string, OffsetRange>): void {
    const unread = [...ranges].filter(([topic]) => !this.#positions.has(topic));
    if (unread.length === 0) return;
    this.#state.transaction(this.#clock(), () => {
      for (const [topic, { low }] of unread) this.#state.positions.advance(topic, undefined, low);
    });
    for (const [topic, { low }] of unread) this.#positions.set(topic, low);
  }

  /** What an earlier run committed and did not get acknowledged. */
  #handOverLeftovers(): void {
    for (let after = 0; ; ) {
      const outbox = this.#state.outbox.after(after, LEFTOVERS_AT_ONCE);
      this.#report(outbox, this.#clock(), after === 0 ? this.#positions : new Map(), new Map());
      if (outbox.length < LEFTOVERS_AT_ONCE) return;
      after = this.#owed;
    }
  }

  /** Runs `work` between batches. */
  #between<T>(work: () => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#phase !== 'running' || this.#draining) {
        const what = this.#phase === 'restoring' ? 'is still restoring its decisions from tip.scored' : 'has been given up';
        reject(this.#error ?? new TipstreamError('not_ready', `partition ${this.#partition} ${what}`, { hint: 'ask again when /readyz says ready' }));
        return;
      }
      const run = () => {
        try {
          resolve(work());
        } catch (error) {
          const reported = asTipstreamError(error, this.#setup);
          reject(reported);
          // An error of one request leaves the partition as it was; any other says that the state file or the code is at fault.
          if (reported.code !== 'policy_not_found' && reported.code !== 'invalid_argument') throw reported;
        }
      };
      this.#jobs.push({ run, fail: reject });
      this.#wake();
    });
  }

  #runJobs(): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) job.run();
    if (this.#phase === 'running') this.#scoreShadows();
  }

  #failJobs(error: TipstreamError): void {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) job.fail(error);
  }

  #checkRestored(): void {
    if (this.#phase !== 'restoring') return;
    for (const [topic, end] of this.#restoreTo) if (this.#queue.taken(topic) < end) return;
    this.#phase = 'running';
    this.#events.running();
  }

  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#stop(error);
    }
  }

  #stop(error: unknown): void {
    if (this.#over) return;
    this.#phase = 'stopped';
    this.#error = asTipstreamError(error, this.#setup);
    this.#state.abandon();
    this.#failJobs(this.#error);
    this.#events.stopped(this.#error);
    this.#signalIdle();
  }

  #signalIdle(): void {
    const waiting = this.#waitingForIdle;
    this.#waitingForIdle = [];
    for (const resolve of waiting) resolve();
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function countByTopic(segments: readonly Segment[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic, from, to } of segments) counts.set(topic, (counts.get(topic) ?? 0) + to - from);
  return counts;
}

function asTipstreamError(error: unknown, { path, identity }: WorkerSetup): TipstreamError {
  const reported = stateError(path, error);
  if (reported instanceof TipstreamError) return reported;
  return new TipstreamError('internal', `partition ${identity.partition} failed: ${error instanceof Error ? error.message : String(error)}`, {
    hint: 'this is a defect of tipstream; the batch was rolled back and the partition stopped',
    cause: error,
  });
}
