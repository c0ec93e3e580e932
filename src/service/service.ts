/**
 * The running service: joins the group, keeps one worker per assigned partition, and answers the questions of HTTP and the CLI. What a
 * partition does is in partition-worker.ts; this file says when one begins and ends.
 */
import { randomUUID } from 'node:crypto';
import { TipstreamError } from '../errors.js';
import type {
  Application,
  NewestScore,
  PoliciesDocument,
  PolicyStats,
  ProduceSummary,
  ProfileDocument,
  RebuildJob,
  ResetReceipt,
  RewardReceipt,
  RewardRequest,
  ScoreRequest,
  ScoreResponse,
  ServiceStatus,
} from './application.js';
import type { LagRow } from '../log/lag.js';
import type { Delivery, GroupMember, Log, OffsetRange, PartitionHandler } from '../log/port.js';
import { produceLines } from '../producer/produce-lines.js';
import type { Registry } from '../projections/registry.js';
import { ensureGeneration, partitionFile } from '../store/directory/layout.js';
import { profileDocument } from '../store/queries/profiles.js';
import { PartitionState } from '../store/partition-state.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, type ControlEvent } from '../topics.js';
import { isBehind, rangesOfTopics, untilReached } from './caught-up.js';
import { completeControls } from './control-completion.js';
import { generateWith } from './generate.js';
import { GenerationSwap } from './rebuild/generation-swap.js';
import { HeldPartitions } from './held-partitions.js';
import { ServiceMetrics } from './metrics/service-metrics.js';
import { OneAtATime } from './one-at-a-time.js';
import { changedCount, checkOutputs, countPartitions } from '../log/checks/partition-count.js';
import { Partition } from './partition.js';
import { PeriodicTasks } from './periodic-tasks.js';
import { PolicyAnswers } from './policies/policy-answers.js';
import { UserRebuilds } from './rebuild/rebuild-user-job.js';
import { ServiceAnswers } from './status.js';
import { checkOffsets } from '../log/checks/offsets.js';
import { reportInputs } from '../log/checks/report.js';
import type { InputWarning } from '../log/checks/retention.js';
import { LogWatch } from './log-watch.js';
import { checkLogIdentityPatiently, type IdentityQuestion } from '../log/checks/identity.js';
import type { ServiceOptions } from './options.js';
import { partitionHolding, working } from './user-routing.js';
import type { StartWorker, WorkerStartOptions } from '../consumers/worker/worker-contract.js';
import { workerOptions } from '../consumers/worker/options.js';
import { refuseOtherDefinitions } from '../store/directory/one-generation.js';
import type { StateIdentity } from '../store/state-file.js';

const COMMIT_EVERY_MS = 500;
const PARTITION_COUNT_EVERY_MS = 10_000;
const CONTROLS_EVERY_MS = 500;
const LOG_WATCH_EVERY_MS = 60_000;
const SWAP_EVERY_MS = 250;
const GUARDRAIL_EVERY_MS = 10_000;
/** So that looking takes a twentieth of one core at most, however many decisions there are. */
const GUARDRAIL_REST_TIMES = 20;
/** For the comparison of the log with what was applied last; partitions that take longer begin later. */
const OPENS_WITHIN_MS = 5_000;
/** For the batches under way and what they owe the log. */
const DRAIN_WITHIN_MS = 2_000;

export class Service implements Application, PartitionHandler {
  readonly generate: Application['generate'];
  readonly prompts: Application['prompts'];
  readonly #log: Log;
  readonly #registry: Registry;
  readonly #options: ServiceOptions;
  readonly #topics: readonly string[];
  readonly #metrics: ServiceMetrics;
  readonly #startWorker: StartWorker;
  readonly #own = new HeldPartitions();
  readonly #answers: ServiceAnswers;
  readonly #swap: GenerationSwap;
  readonly #rebuilds: UserRebuilds;
  readonly #policies: PolicyAnswers;
  readonly #uncommitted = new Set<number>();
  readonly #tasks: PeriodicTasks;
  /** The live generation's directory. */
  #generation: string;
  #cuttingOver = false;
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
    this.#tasks = new PeriodicTasks(options.logger);
    const setting = { log, registry, options, topics: this.#topics, partitions: this.#own };
    this.#answers = new ServiceAnswers(setting);
    this.#metrics = new ServiceMetrics({
      lag: () => this.lag(),
      counts: () => this.counts(),
      backlog: () => this.#own.backlog(),
      policies: () => this.#policies.facts(),
    });
    this.#policies = new PolicyAnswers(log, options, {
      all: () => this.#own.readable.map(({ reader }) => reader.path),
      ofUser: async (userId) => this.#own.reading(await this.#holding(userId))!.reader.path,
      controls: () => this.#own.readable[0]?.reader.sharedControls().map(([, record]) => JSON.parse(record) as ControlEvent),
    });
    this.prompts = (against) => this.#policies.prompts(against);
    this.generate = generateWith(options.generation, (request) => this.score(request), this.#metrics.gateway);
    const exclusive = new OneAtATime();
    this.#swap = new GenerationSwap({
      ...setting,
      exclusive,
      identity: (partition) => this.#identity(partition),
      cutOver: (directory) => this.#cutOver(directory),
    });
    this.#rebuilds = new UserRebuilds({
      log,
      registry,
      options,
      exclusive,
      partitions: () => this.#partitions,
      working: (partition) => working(this.#own, partition),
      patiently: (work) => this.#swap.after(work),
    });
  }

  /** Resolves once the group has been joined. Throws what keeps the service from starting; `onFailure` reports what ends it later. */
  async start(onFailure: (error: TipstreamError) => void, address?: string): Promise<void> {
    this.#onFailure = onFailure;
    refuseOtherDefinitions(this.#generation, this.#registry);
    this.#partitions = await countPartitions(this.#log, this.#topics);
    await checkOutputs(this.#log, this.#outputs(), this.#partitions);
    this.#member = await this.#log.join({
      group: this.#options.group,
      topics: this.#topics,
      handler: this,
      ...(address === undefined ? {} : { address }),
    });
    this.#tasks.every(COMMIT_EVERY_MS, () => this.#commit());
    this.#tasks.every(PARTITION_COUNT_EVERY_MS, () => this.#checkPartitionCount());
    this.#tasks.every(CONTROLS_EVERY_MS, () => this.#completeControls());
    const watch = new LogWatch(this.#log, this.#topics);
    this.#tasks.every(LOG_WATCH_EVERY_MS, () => watch.look(this.#own.working));
    this.#tasks.every(SWAP_EVERY_MS, () => this.#swap.look());
    if (this.#options.guardrail !== false)
      this.#tasks.every(GUARDRAIL_EVERY_MS, () => this.#policies.guardrail.look(), GUARDRAIL_REST_TIMES);
    this.#options.logger.info(
      { group: this.#options.group, partitions: this.#partitions, log: this.#log.kind },
      'joined the consumer group',
    );
    this.#inputsReported = reportInputs(this.#log, this.#options.topicPrefix, this.#topics, this.#options.logger).then(
      (warnings) => void (this.#inputWarnings = warnings),
    );
    const opened = Promise.all([...this.#own.held.values()].map((held) => held.opened()));
    await Promise.race([opened, new Promise((resolve) => setTimeout(resolve, OPENS_WITHIN_MS).unref())]);
  }

  /** Finishes the batches under way, publishes what they owe, commits positions and leaves the group. */
  async stop(): Promise<void> {
    this.#tasks.stop();
    this.#policies.stop();
    await Promise.all([this.#swap.stop(), this.#rebuilds.stop()]);
    await Promise.all([...this.#own.held.values()].map((held) => held.drain(DRAIN_WITHIN_MS)));
    await this.#commit([...this.#own.held.keys()]).catch((error: unknown) =>
      this.#options.logger.warn({ err: error }, 'could not commit positions to the log'),
    );
    await this.#member?.stop();
    for (const partition of [...this.#own.held.keys()]) this.revoked(partition);
  }

  /**
   * Resolves when everything that the log held when this was called is applied and published, and read back where we wrote it. A
   * partition that stops keeps none of the others from it; what stopped it is thrown at the end.
   */
  async caughtUp(): Promise<void> {
    await this.#inputsReported;
    await this.#reachEnds();
    await Promise.all(this.#own.working.map((held) => held.idle()));
    await this.#completeControls();
    // What was published comes back as input; with that applied, nothing is pending and lag is 0.
    await this.#reachEnds();
    await this.#commit(this.#own.working.map(({ number }) => number));
    this.#throwIfStopped();
  }

  // PartitionHandler: what the log asks of us.

  positions(partition: number): ReadonlyMap<string, number> {
    this.#own.stopped.delete(partition);
    try {
      const held = this.#open(partition);
      this.#own.replace(held);
      return held.positions;
    } catch (error) {
      this.#own.held.get(partition)?.close();
      this.#own.held.delete(partition);
      this.#cannotRun(partition, error);
      return new Map();
    }
  }

  ready(partition: number, ranges: ReadonlyMap<string, OffsetRange>): void {
    const stopped = this.#own.stopped.get(partition);
    if (stopped !== undefined) throw stopped;
    const held = this.#own.held.get(partition)!;
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
    return this.#own.held.get(delivery.partition)?.deliver(delivery) ?? false;
  }

  revoked(partition: number): void {
    const held = this.#own.held.get(partition);
    this.#own.stopped.delete(partition);
    if (held === undefined) return;
    this.#own.held.delete(partition);
    held.close();
    this.#own.closeOutgoing(partition);
    this.#options.logger.info({ partition }, 'partition given up');
  }

  failed(error: Error, partition?: number): void {
    if (partition !== undefined) return this.#own.held.get(partition)?.fail(error);
    this.#fail(
      error instanceof TipstreamError
        ? error
        : new TipstreamError('log_failed', `the consumer ended: ${error.message}`, {
            hint: 'see the log lines before this one; start again when the cause is mended',
            cause: error,
          }),
    );
  }

  // Application: what HTTP asks of us.

  async profile(userId: string, asOfMs = this.#options.clock()): Promise<ProfileDocument> {
    const partition = await this.#holding(userId);
    return profileDocument(this.#own.reading(partition)!.reader, partition, userId, asOfMs, this.#registry.featureSet);
  }

  async score(request: ScoreRequest, policy?: string): Promise<ScoreResponse> {
    const { decision_id: decisionId, requested_at_ms: requestedAtMs = this.#options.clock(), profile_features: profile, ...rest } = request;
    const command = { candidates: { ...rest, requested_at_ms: requestedAtMs, decision_id: decisionId ?? randomUUID() }, policy, profile };
    return this.#metrics.policies.answered(() =>
      this.#swap.after(async () => {
        const held = working(this.#own, await this.#holding(request.user_id));
        if (decisionId === undefined) return { ...(await held.preview(command)), decision_id: null, recorded: false };
        return { ...(await held.decide(command)), recorded: true };
      }),
    );
  }

  produce(lines: AsyncIterable<string | Buffer>, { atomic }: { readonly atomic: boolean }): Promise<ProduceSummary> {
    const { topicPrefix: prefix, partitioner, maxValueBytes } = this.#options;
    return produceLines(this.#log, lines, { prefix, partitioner, maxValueBytes, atomic });
  }

  reward(request: RewardRequest): Promise<RewardReceipt> {
    return this.#policies.reward(request);
  }

  resetUser(userId: string): Promise<ResetReceipt> {
    return this.#policies.reset(userId);
  }

  policyStats(policy: string, userId?: string): Promise<PolicyStats> {
    return this.#policies.stats(policy, userId);
  }

  policies(): Promise<PoliciesDocument> {
    return this.#policies.list();
  }

  async rebuildUser(userId: string, { dryRun }: { readonly dryRun: boolean }): Promise<RebuildJob> {
    return this.#rebuilds.start(userId, await this.#holding(userId), dryRun);
  }

  rebuildJob(jobId: string): RebuildJob {
    return this.#rebuilds.get(jobId);
  }

  cancelRebuild(jobId: string): RebuildJob {
    return this.#rebuilds.cancel(jobId);
  }

  lag(): Promise<readonly LagRow[]> {
    return this.#answers.lag(this.#member?.silent?.());
  }

  status(): ServiceStatus {
    return this.#answers.status(this.#failure === undefined && this.#member !== undefined, this.#inputWarnings);
  }

  newestScores(limit: number): readonly NewestScore[] {
    return this.#answers.newestScores(limit);
  }

  metrics(): Promise<string> {
    return this.#metrics.exposition();
  }

  /** Some users of the partitions held here who are known as of now. */
  knownUsers(limit: number): string[] {
    return this.#answers.knownUsers(limit);
  }

  /** Counts by name over the partitions held here. */
  counts(): ReadonlyMap<string, number> {
    return this.#own.counts();
  }

  #cutOver(directory: string): void {
    this.#generation = directory;
    this.#cuttingOver = true;
    for (const partition of [...this.#own.held.keys()]) this.#member?.restart(partition);
    this.#cuttingOver = false;
  }

  /** Makes and checks the state file, which the worker opens again when it begins. */
  #open(partition: number): Partition {
    const path = partitionFile(this.#generation, partition);
    // The files of a generation to go over to were checked, page by page, before anything was held.
    if (!this.#cuttingOver) new PartitionState(path, this.#identity(partition), this.#registry).close();
    const reader = new PartitionReader(path, this.#registry);
    return new Partition(partition, this.#log, reader, this.#options, {
      onBegun: () => this.#own.closeOutgoing(partition),
      onCommitted: ({ taken, positions, tookMs, scored }) => {
        let records = 0;
        for (const count of taken.values()) records += count;
        if (positions.size > 0) this.#uncommitted.add(partition);
        this.#metrics.applied(records, tookMs, scored);
        this.#options.logger.debug({ partition, records, took_ms: tookMs }, 'batch committed');
      },
      onStopped: (error) => this.#cannotRun(partition, error),
      resume: (topic) => this.#member?.resume(topic, partition),
    });
  }

  async #checkIdentity(question: IdentityQuestion & { readonly signal: AbortSignal }): Promise<void> {
    const [{ logger }, { partition }] = [this.#options, question];
    const unidentified = await checkLogIdentityPatiently(this.#log, question, (error, attempt) =>
      logger.warn({ partition, attempt, err: error }, 'the log could not be compared with what was applied last; trying again'),
    );
    if (unidentified.length > 0)
      logger.debug(
        { partition, unidentified },
        'the log no longer holds the records applied last: whether it is the same log cannot be told',
      );
  }

  #identity(partition: number): StateIdentity {
    return {
      partition,
      partitions: this.#partitions,
      log: this.#log.kind,
      topicPrefix: this.#options.topicPrefix,
      featureSet: this.#registry.featureSet,
    };
  }

  #workerSetup(partition: number, ranges: ReadonlyMap<string, OffsetRange>): WorkerStartOptions {
    return {
      path: partitionFile(this.#generation, partition),
      identity: this.#identity(partition),
      topics: this.#topics,
      ranges,
      options: workerOptions(this.#options),
    };
  }

  #cannotRun(partition: number, cause: unknown): void {
    const error =
      cause instanceof TipstreamError
        ? cause
        : new TipstreamError('internal', `partition ${partition} cannot run: ${String(cause)}`, { cause });
    this.#own.stopped.set(partition, error);
    this.#own.closeOutgoing(partition);
    this.#member?.stopPartition(partition);
    this.#options.logger.error(
      { partition, code: error.code, hint: error.hint, err: error },
      `partition ${partition} stopped: ${error.message}`,
    );
    if (error.code === 'partition_count_changed') this.#fail(error);
  }

  #fail(error: TipstreamError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#options.logger.fatal({ code: error.code, hint: error.hint, err: error }, `the service cannot go on: ${error.message}`);
    this.#onFailure(error);
  }

  #holding(userId: string): Promise<number> {
    const member = this.#member;
    return partitionHolding({
      userId,
      partitioner: this.#options.partitioner,
      partitions: this.#partitions,
      held: this.#own,
      owners: member && (() => member.owners()),
    });
  }

  /** What is written besides the inputs. */
  #outputs(): string[] {
    const { topicPrefix, publishProfiles } = this.#options;
    return [...this.#topics.map(deadLetterTopic), ...(publishProfiles ? [fullTopicName(topicPrefix, 'profile.features')] : [])];
  }

  async #checkPartitionCount(): Promise<void> {
    const error = await changedCount(this.#log, this.#topics, this.#partitions);
    if (error === undefined) return;
    for (const held of this.#own.held.values()) {
      held.halt();
      this.#own.stopped.set(held.number, error);
    }
    this.#fail(error);
  }

  /** Once, when what the log held of controls at the start is applied everywhere here. */
  async #completeControls(): Promise<void> {
    if (this.#controlsCompleted || this.#own.held.size === 0) return;
    const topic = fullTopicName(this.#options.topicPrefix, 'policy.control');
    const ranges = await rangesOfTopics(this.#log, [topic]);
    const held = [...this.#own.held.values()];
    if (held.some((partition) => !partition.running || isBehind(partition, ranges))) return;
    this.#controlsCompleted = true;
    const written = await completeControls(this.#log, topic, new Map(held.map(({ number, reader }) => [number, reader])));
    if (written > 0) this.#options.logger.warn({ records: written }, 'completed controls that had not been written to every partition');
  }

  async #commit(partitions: readonly number[] = [...this.#uncommitted]): Promise<void> {
    await Promise.all(
      partitions.map(async (partition) => {
        this.#uncommitted.delete(partition);
        const held = this.#own.held.get(partition);
        if (held === undefined) return;
        this.#options.at?.('offsets: before commit');
        await this.#member?.commit(partition, held.positions);
        this.#options.at?.('offsets: after commit');
      }),
    );
  }

  async #reachEnds(): Promise<void> {
    await untilReached(
      () => this.#own.working,
      await rangesOfTopics(this.#log, this.#topics),
      () => {
        if (this.#failure !== undefined) throw this.#failure;
      },
    );
  }

  #throwIfStopped(): void {
    const error = this.#failure ?? this.#own.stopped.values().next().value;
    if (error !== undefined) throw error;
  }
}
