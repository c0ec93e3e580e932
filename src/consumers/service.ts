/**
 * The running service: joins the group, keeps one worker per assigned partition, and answers the questions of HTTP and the CLI. What a
 * partition does is in partition-worker.ts; this file says when one begins and ends.
 */
import { randomUUID } from 'node:crypto';
import { TipstreamError } from '../errors.js';
import type { Application, LagRow, NewestScore, PartitionStatus, ProduceSummary, ProfileDocument, ScoreRequest, ScoreResponse, ServiceStatus } from '../http/application.js';
import type { Delivery, GroupMember, Log, OffsetRange, PartitionHandler } from '../log/port.js';
import { produceLines } from '../producer/produce-lines.js';
import type { Registry } from '../projections/registry.js';
import { ensureGeneration, partitionFile } from '../store/layout.js';
import { partitionOfUser } from '../store/locate-user.js';
import { profileDocument } from '../store/profiles.js';
import { PartitionState } from '../store/partition-state.js';
import { PartitionReader } from '../store/reader.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, type CandidatesEvent, type ScoredEvent } from '../topics.js';
import { completeControls } from './control-completion.js';
import { lagRows } from './lag.js';
import { ServiceMetrics } from './metrics.js';
import { checkOutputs, countPartitions } from './partition-count.js';
import { Partition } from './partition.js';
import { checkOffsets } from './offset-check.js';
import { reportInputs } from './input-report.js';
import type { InputWarning } from './input-retention.js';
import { checkLogIdentityPatiently, type IdentityQuestion } from './log-identity.js';
import type { ServiceOptions } from './service-options.js';
import type { StartWorker, WorkerSetup } from './worker-contract.js';
import { refuseOtherDefinitions } from '../store/one-generation.js';
import type { StateIdentity } from '../store/state-file.js';

const COMMIT_EVERY_MS = 500;
const PARTITION_COUNT_EVERY_MS = 10_000;
const CONTROLS_EVERY_MS = 500;
/** For the comparison of the log with what was applied last; partitions that take longer begin later. */
const OPENS_WITHIN_MS = 5_000;
/** For the batches under way and what they owe the log. */
const DRAIN_WITHIN_MS = 2_000;

export class Service implements Application, PartitionHandler {
  readonly #log: Log;
  readonly #registry: Registry;
  readonly #options: ServiceOptions;
  readonly #topics: readonly string[];
  readonly #metrics: ServiceMetrics;
  readonly #generation: string;
  readonly #startWorker: StartWorker;
  readonly #startedAtMs: number;
  readonly #held = new Map<number, Partition>();
  /** Partitions that could not be opened or stopped, with why. */
  readonly #stopped = new Map<number, TipstreamError>();
  readonly #uncommitted = new Set<number>();
  readonly #timers: NodeJS.Timeout[] = [];
  #partitions = 0;
  #controlsCompleted = false;
  #inputWarnings: readonly InputWarning[] = [];
  #inputsReported: Promise<void> | undefined;
  #member: GroupMember | undefined;
  #failure: TipstreamError | undefined;
  #onFailure: (error: TipstreamError) => void = () => undefined;

  /** The data directory must be locked by this process. */
  constructor(log: Log, registry: Registry, startWorker: StartWorker, options: ServiceOptions) {
    this.#log = log;
    this.#registry = registry;
    this.#startWorker = startWorker;
    this.#options = options;
    this.#topics = CONSUMED_TOPICS.map((topic) => fullTopicName(options.topicPrefix, topic));
    this.#generation = ensureGeneration(options.dataDirectory);
    this.#startedAtMs = options.clock();
    this.#metrics = new ServiceMetrics(this);
  }

  /** Resolves once the group has been joined. Throws what keeps the service from starting; `onFailure` reports what ends it later. */
  async start(onFailure: (error: TipstreamError) => void, address?: string): Promise<void> {
    this.#onFailure = onFailure;
    refuseOtherDefinitions(this.#generation, this.#registry);
    this.#partitions = await countPartitions(this.#log, this.#topics);
    await checkOutputs(this.#log, this.#outputs(), this.#partitions);
    this.#member = await this.#log.join({ group: this.#options.group, topics: this.#topics, handler: this, ...(address === undefined ? {} : { address }) });
    this.#every(COMMIT_EVERY_MS, () => this.#commit());
    this.#every(PARTITION_COUNT_EVERY_MS, () => this.#checkPartitionCount());
    this.#every(CONTROLS_EVERY_MS, () => this.#completeControls());
    this.#options.logger.info({ group: this.#options.group, partitions: this.#partitions, log: this.#log.kind }, 'joined the consumer group');
    this.#inputsReported = reportInputs(this.#log, this.#options.topicPrefix, this.#topics, this.#options.logger).then((warnings) => void (this.#inputWarnings = warnings));
    const opened = Promise.all([...this.#held.values()].map((held) => held.opened()));
    await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, OPENS_WITHIN_MS).unref())]);
  }

  /** Finishes the batches under way, publishes what they owe, commits positions and leaves the group. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all([...this.#held.values()].map((held) => held.drain(DRAIN_WITHIN_MS)));
    await this.#commit([...this.#held.keys()]).catch((error: unknown) => this.#options.logger.warn({ err: error }, 'could not commit positions to the log'));
    await this.#member?.stop();
    for (const partition of [...this.#held.keys()]) this.revoked(partition);
  }

  /** Resolves when everything that the log held when this was called is applied and published, and read back where we wrote it. Throws when a partition stops. */
  async caughtUp(): Promise<void> {
    await this.#inputsReported;
    await this.#reach(await this.#ends());
    await Promise.all([...this.#held.values()].map((held) => held.idle()));
    this.#throwIfStopped();
    await this.#completeControls();
    // What was published comes back as input; with that applied, nothing is pending and lag is 0.
    await this.#reach(await this.#ends());
    await this.#commit([...this.#held.keys()]);
  }

  // PartitionHandler: what the log asks of us.

  positions(partition: number): ReadonlyMap<string, number> {
    this.#stopped.delete(partition);
    try {
      const held = this.#open(partition);
      this.#held.set(partition, held);
      return held.positions;
    } catch (error) {
      this.#cannotRun(partition, error);
      return new Map();
    }
  }

  ready(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void {
    const stopped = this.#stopped.get(partition);
    if (stopped !== undefined) throw stopped;
    const held = this.#held.get(partition)!;
    try {
      checkOffsets(held.reader.path, partition, held.positions, ranges);
      const applied = held.reader.lastApplied();
      const check = (signal: AbortSignal) => this.#checkIdentity({ partition, path: held.reader.path, applied, ranges, signal });
      held.begin(this.#startWorker, this.#workerSetup(partition, ranges), applied.size === 0 ? undefined : check);
    } catch (error) {
      held.halt();
      this.#cannotRun(partition, error);
      throw error;
    }
    this.#options.logger.info({ partition, positions: Object.fromEntries(held.positions) }, 'partition assigned');
  }

  deliver(delivery: Delivery): boolean {
    return this.#held.get(delivery.partition)?.deliver(delivery) ?? false;
  }

  revoked(partition: number): void {
    const held = this.#held.get(partition);
    this.#stopped.delete(partition);
    if (held === undefined) return;
    this.#held.delete(partition);
    held.close();
    this.#options.logger.info({ partition }, 'partition given up');
  }

  failed(error: Error, partition?: number): void {
    if (partition !== undefined) return this.#held.get(partition)?.fail(error);
    this.#fail(error instanceof TipstreamError ? error : new TipstreamError('log_failed', `the consumer ended: ${error.message}`, { hint: 'see the log lines before this one; start again when the cause is mended', cause: error }));
  }

  // Application: what HTTP asks of us.

  async profile(userId: string, asOfMs = this.#options.clock()): Promise<ProfileDocument> {
    const held = await this.#ownerOf(userId);
    return profileDocument(held.reader, held.number, userId, asOfMs, this.#registry.featureSet);
  }

  async score(request: ScoreRequest): Promise<ScoreResponse> {
    const held = await this.#ownerOf(request.user_id);
    const { decision_id: decisionId, requested_at_ms: requestedAtMs = this.#options.clock(), ...rest } = request;
    const command: CandidatesEvent = { ...rest, requested_at_ms: requestedAtMs, decision_id: decisionId ?? randomUUID() };
    if (decisionId === undefined) return { ...(await held.preview(command)), decision_id: null, recorded: false };
    return { ...(await held.decide(command)), recorded: true };
  }

  produce(lines: AsyncIterable<string | Buffer>, { atomic }: { readonly atomic: boolean }): Promise<ProduceSummary> {
    const { topicPrefix: prefix, partitioner, maxValueBytes } = this.#options;
    return produceLines(this.#log, lines, { prefix, partitioner, maxValueBytes, atomic });
  }

  async lag(): Promise<readonly LagRow[]> {
    return lagRows(this.#log, {
      group: this.#options.group, topics: this.#topics, nowMs: this.#options.clock(),
      applied: new Map([...this.#held].map(([partition, { positions }]) => [partition, positions])),
      stopped: new Map([...this.#stopped].map(([partition, error]) => [partition, error.message])),
    });
  }

  status(): ServiceStatus {
    const partitions = [...new Set([...this.#held.keys(), ...this.#stopped.keys()])].sort((a, b) => a - b).map((partition) => this.#partitionStatus(partition));
    const tally = (name: string) => this.#tally((found) => found === name);
    return {
      ready: this.#failure === undefined && this.#member !== undefined && partitions.every(({ state }) => state === 'running'),
      started_at_ms: this.#startedAtMs, log: this.#log.kind, group: this.#options.group,
      live_policy: this.#options.scoring.livePolicy, shadow_policy: this.#options.scoring.settings.shadow, feature_set: this.#registry.featureSet, partitions,
      warnings: this.#inputWarnings.map(({ topic, message, hint }) => ({ topic, message, hint })),
      counts: {
        applied: this.#tally((name) => name.startsWith('applied:')), rejected: this.#tally((name) => name.startsWith('rejected:')), decisions: tally('decisions'),
        users: [...this.#held.values()].reduce((sum, { users }) => sum + users, 0),
        shadow_agreed: tally('shadow_agreed'), shadow_compared: tally('shadow_compared'),
      },
    };
  }

  newestScores(limit: number): readonly NewestScore[] {
    return [...this.#held.values()]
      .flatMap(({ reader }) => reader.newestDecisions(limit))
      .map(({ record, shadow_record }) => newestScore(JSON.parse(record) as ScoredEvent, shadow_record === null ? null : (JSON.parse(shadow_record) as ScoredEvent)))
      .sort((a, b) => b.scored_at_ms - a.scored_at_ms)
      .slice(0, limit);
  }

  metrics(): Promise<string> {
    return this.#metrics.exposition();
  }

  /** Some users of the partitions held here who are known as of now. */
  knownUsers(limit: number): string[] {
    const nowMs = this.#options.clock();
    return [...this.#held.values()].flatMap(({ reader }) => reader.profilesAfter('', limit, nowMs)).filter(({ known }) => known).map(({ userId }) => userId);
  }

  /** Counts by name over the partitions held here. */
  tallies(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { tallies } of this.#held.values()) for (const [name, count] of tallies) sums.set(name, (sums.get(name) ?? 0) + count);
    return sums;
  }

  /** Messages committed and not yet acknowledged by the log. */
  backlog(): number {
    return [...this.#held.values()].reduce((sum, { backlog }) => sum + backlog, 0);
  }

  /** Makes and checks the state file, which the worker opens again when it begins. */
  #open(partition: number): Partition {
    const path = partitionFile(this.#generation, partition);
    new PartitionState(path, this.#identity(partition), this.#registry).close();
    const reader = new PartitionReader(path, this.#registry);
    return new Partition(partition, this.#log, reader, this.#options, {
      onCommitted: ({ taken, positions, tookMs }) => {
        let records = 0;
        for (const count of taken.values()) records += count;
        if (positions.size > 0) this.#uncommitted.add(partition);
        this.#metrics.applied(records, tookMs);
        this.#options.logger.debug({ partition, records, took_ms: tookMs }, 'batch committed');
      },
      onStopped: (error) => this.#cannotRun(partition, error),
      resume: (topic) => this.#member?.resume(topic, partition),
    });
  }

  async #checkIdentity(question: IdentityQuestion & { readonly signal: AbortSignal }): Promise<void> {
    const { logger } = this.#options;
    const { partition } = question;
    const unidentified = await checkLogIdentityPatiently(this.#log, question, (error, attempt) => logger.warn({ partition, attempt, err: error }, 'the log could not be compared with what was applied last; trying again'));
    if (unidentified.length > 0) logger.debug({ partition, unidentified }, 'the log no longer holds the records applied last: whether it is the same log cannot be told');
  }

  #identity(partition: number): StateIdentity {
    return { partition, partitions: this.#partitions, log: this.#log.kind, topicPrefix: this.#options.topicPrefix, featureSet: this.#registry.featureSet };
  }

  #workerSetup(partition: number, ranges: ReadonlyMap<string, OffsetRange>): WorkerSetup {
    const { group, partitioner, maxValueBytes, maxBatchRecords, maxTaskIdleMs, retainMs, scoring, publishProfiles } = this.#options;
    return {
      path: partitionFile(this.#generation, partition), identity: this.#identity(partition), topics: this.#topics, ranges,
      group, partitioner, maxValueBytes, maxBatchRecords, maxTaskIdleMs, retainMs, scoring, publishProfiles,
    };
  }

  #cannotRun(partition: number, cause: unknown): void {
    const error = cause instanceof TipstreamError ? cause : new TipstreamError('internal', `partition ${partition} cannot run: ${String(cause)}`, { cause });
    this.#stopped.set(partition, error);
    this.#member?.stopPartition(partition);
    this.#options.logger.error({ partition, code: error.code, hint: error.hint, err: error }, `partition ${partition} stopped: ${error.message}`);
    if (error.code === 'partition_count_changed') this.#fail(error);
  }

  #fail(error: TipstreamError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.logger.fatal({ code: error.code, hint: error.hint, err: error }, `the service cannot go on: ${error.message}`);
    this.#onFailure(error);
  }

  async #ownerOf(userId: string): Promise<Partition> {
    const partition = partitionOfUser(userId, this.#options.partitioner, this.#partitions, new Map([...this.#held].map(([held, { reader }]) => [held, reader])));
    const stopped = this.#stopped.get(partition);
    if (stopped !== undefined) throw new TipstreamError('not_ready', `partition ${partition} of this user is stopped: ${stopped.message}`, { ...(stopped.hint === undefined ? {} : { hint: stopped.hint }), details: { partition } });
    const held = this.#held.get(partition);
    if (held?.begun) return held;
    if (held !== undefined || this.#member === undefined) throw new TipstreamError('not_ready', `partition ${partition} of this user is being opened`, { hint: 'ask again in a moment', details: { partition } });
    const owner = (await this.#member.owners()).get(partition);
    throw new TipstreamError('not_owner', `partition ${partition} of this user is held by another member`, { hint: owner === undefined ? 'ask again in a moment' : `ask ${owner}`, details: { partition, owner: owner ?? null } });
  }

  #partitionStatus(partition: number): PartitionStatus {
    const held = this.#held.get(partition);
    const error = this.#stopped.get(partition);
    const state = error !== undefined ? 'stopped' : held?.running ? 'running' : 'restoring';
    return {
      partition, state, error: error === undefined ? null : { code: error.code, message: error.message, hint: error.hint },
      positions: Object.fromEntries(held?.positions ?? []), lag_records: held?.waiting ?? 0,
    };
  }

  #tally(matches: (name: string) => boolean): number {
    let sum = 0;
    for (const [name, count] of this.tallies()) if (matches(name)) sum += count;
    return sum;
  }

  /** What is written besides the inputs. */
  #outputs(): string[] {
    const { topicPrefix, publishProfiles } = this.#options;
    return [...this.#topics.map(deadLetterTopic), ...(publishProfiles ? [fullTopicName(topicPrefix, 'profile.features')] : [])];
  }

  async #checkPartitionCount(): Promise<void> {
    const counted = await countPartitions(this.#log, this.#topics).catch((error: unknown) => {
      if (error instanceof TipstreamError && error.code === 'partition_count_changed') return error;
      return undefined;
    });
    if (counted === undefined || counted === this.#partitions) return;
    const error = counted instanceof TipstreamError ? counted : new TipstreamError('partition_count_changed', `the input topics now have ${counted} partitions; the state was folded under ${this.#partitions}`, {
      hint: 'a changed count sends users to other partitions: every partition is stopped. Move the state folder away to rebuild it from a log whose events were all written under the new count',
    });
    for (const held of this.#held.values()) {
      held.halt();
      this.#stopped.set(held.number, error);
    }
    this.#fail(error);
  }

  /** Once, when what the log held of controls at the start is applied everywhere here. */
  async #completeControls(): Promise<void> {
    if (this.#controlsCompleted || this.#held.size === 0) return;
    const topic = fullTopicName(this.#options.topicPrefix, 'policy.control');
    const ranges = await this.#log.offsets(topic);
    const held = [...this.#held.values()];
    if (held.some(({ running, number, positions }) => !running || standing(positions.get(topic), ranges.get(number)) < (ranges.get(number)?.end ?? 0))) return;
    this.#controlsCompleted = true;
    const written = await completeControls(this.#log, topic, new Map(held.map(({ number, reader }) => [number, reader])));
    if (written > 0) this.#options.logger.warn({ records: written }, 'completed controls that had not been written to every partition');
  }

  async #commit(partitions: readonly number[] = [...this.#uncommitted]): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        this.#uncommitted.delete(partition);
        const held = this.#held.get(partition);
        if (held === undefined) return;
        this.#options.at?.('offsets: before commit');
        await this.#member?.commit(partition, held.positions);
        this.#options.at?.('offsets: after commit');
      }),
    );
  }

  async #ends(): Promise<Map<string, ReadonlyMap<number, OffsetRange>>> {
    return new Map(await Promise.all(this.#topics.map(async (topic) => [topic, await this.#log.offsets(topic)] as const)));
  }

  /** Resolves when every partition held here has applied up to `ends`; at once when others hold them all. */
  async #reach(ends: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>): Promise<void> {
    const behind = () =>
      [...this.#held].some(([partition, { positions }]) => [...ends].some(([topic, ranges]) => standing(positions.get(topic), ranges.get(partition)) < (ranges.get(partition)?.end ?? 0)));
    while (this.#throwIfStopped(), behind()) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  #throwIfStopped(): void {
    const error = this.#failure ?? this.#stopped.values().next().value;
    if (error !== undefined) throw error;
  }

  #every(ms: number, work: () => Promise<void>): void {
    let busy = false;
    const timer = setInterval(() => {
      if (busy) return;
      busy = true;
      work()
        .catch((error: unknown) => this.#options.logger.warn({ err: error }, 'a periodic task failed; it will be tried again'))
        .finally(() => (busy = false));
    }, ms);
    this.#timers.push(timer);
  }
}

/** A topic without a position stands at the low end of the log. */
function standing(position: number | undefined, range: OffsetRange | undefined): number {
  return position ?? range?.low ?? 0;
}

function newestScore(live: ScoredEvent, shadow: ScoredEvent | null): NewestScore {
  return {
    decision_id: live.decision_id, user_id: live.user_id, policy: live.policy, chosen_tip_id: live.chosen_tip_id,
    shadow_tip_id: shadow?.chosen_tip_id ?? null, explored: live.explored, candidates: live.ranking.length, scored_at_ms: live.scored_at_ms,
  };
}
