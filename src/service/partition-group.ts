/**
 * This process as a member of the consumer group: opens a partition when the log assigns it, hands over what is delivered, commits the
 * positions, and gives the partition up when the log takes it away. What a partition does in between is in partition.ts; where it
 * stands, in partition-life.ts.
 */
import { TipstreamError } from '../errors.js';
import { happenedMsOf } from '../events/event-time.js';
import { checkLogIdentityPatiently } from '../log/checks/identity.js';
import { checkOffsets } from '../log/checks/offsets.js';
import { changedCount, checkOutputs, countPartitions } from '../log/checks/partition-count.js';
import type { Delivery, GroupMember, Holder, Log, LogRecord, OffsetRange, PartitionHandler } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { SameFile } from '../same-file.js';
import { ensureGeneration, partitionFile } from '../store/directory/layout.js';
import { refuseOtherDefinitions } from '../store/directory/one-generation.js';
import { SilentNote } from '../store/directory/silent-partitions.js';
import { StoppedNote } from '../store/directory/stopped-partitions.js';
import { prepareState } from '../store/partition-state.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import type { StateIdentity } from '../store/state-file.js';
import { deadLetterTopic, fullTopicName } from '../topics.js';
import { workerOptions } from '../consumers/worker/options.js';
import { recordsIn, type StartWorker } from '../consumers/worker/worker-contract.js';
import type { HeldPartitions } from './held-partitions.js';
import type { ServiceMetrics } from './metrics/service-metrics.js';
import type { ServiceOptions } from './options.js';
import { Patience } from '../back-off.js';
import { Partition } from './partition.js';

export interface PartitionGroupDeps {
  readonly log: Log;
  readonly registry: Registry;
  readonly options: ServiceOptions;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly startWorker: StartWorker;
  readonly partitions: HeldPartitions;
  readonly metrics: Pick<ServiceMetrics, 'applied' | 'pipeline'>;
}

export interface JoinOptions {
  /** Published to the group, so that other members can name this one. */
  readonly address?: string | undefined;
  /** Called once, with what ends the service; whoever runs it says so. */
  readonly onFailure: (error: TipstreamError) => void;
}

export class PartitionGroup implements PartitionHandler {
  readonly #deps: PartitionGroupDeps;
  /** Partitions that have moved since their positions were committed to the log. */
  readonly #uncommitted = new Set<number>();
  /** The live generation's directory. */
  #generation: string;
  /** The generation's directory and the state files in it, as they were opened. */
  readonly #files = new Map<number | 'directory', SameFile>();
  /** For other processes to read. */
  readonly #note: StoppedNote;
  readonly #silent: SilentNote;
  readonly #patience = new Patience();
  #cuttingOver = false;
  #partitionCount = 0;
  #member: GroupMember | undefined;
  #failure: TipstreamError | undefined;
  #onFailure: (error: TipstreamError) => void = () => undefined;

  constructor(deps: PartitionGroupDeps) {
    this.#deps = deps;
    this.#generation = ensureGeneration(deps.options.dataDirectory);
    this.#note = new StoppedNote(deps.options.dataDirectory);
    this.#silent = new SilentNote(deps.options.dataDirectory);
    this.#files.set('directory', new SameFile(this.#generation));
  }

  /** Resolves once the group has been joined. Throws what the topics, the definitions or the log have against it. */
  async join({ address, onFailure }: JoinOptions): Promise<void> {
    const { log, registry, topics, options } = this.#deps;
    this.#onFailure = onFailure;
    refuseOtherDefinitions(this.#generation, registry);
    this.#partitionCount = await countPartitions(log, topics);
    await checkOutputs(log, this.#outputs(), this.#partitionCount);
    this.#member = await log.join({ group: options.group, topics, handler: this, ...(address === undefined ? {} : { address }) });
  }

  /** Gives up every partition. */
  async leave(): Promise<void> {
    this.#patience.stop();
    await this.#member?.stop();
    for (const { number } of this.#deps.partitions.held) this.revoked(number);
  }

  /** How many partitions the topics have; 0 before the group was joined. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  /** Whether partitions that stopped are to be begun again. */
  get isPatient(): boolean {
    return this.#patience.isWaiting;
  }

  /** What ended the membership, if anything did. */
  get failure(): TipstreamError | undefined {
    return this.#failure;
  }

  /** A member of the group, and nothing has ended it. */
  get isMember(): boolean {
    return this.#failure === undefined && this.#member !== undefined;
  }

  /** partition -> address of who holds it; undefined before the group was joined. */
  get owners(): (() => Promise<ReadonlyMap<number, string>>) | undefined {
    const member = this.#member;
    return member && (() => member.owners());
  }

  /** partition -> who was given it; undefined while partitions are dealt out, and before the group was joined. */
  async holders(): Promise<ReadonlyMap<number, Holder> | undefined> {
    return this.#member?.holders();
  }

  /** partition -> why nothing of it comes */
  silent(): ReadonlyMap<number, string> | undefined {
    return this.#member?.silent?.();
  }

  /** Whose state a partition's file holds. */
  identity(partition: number): StateIdentity {
    const { log, registry, options } = this.#deps;
    return {
      partition,
      partitions: this.#partitionCount,
      log: log.kind,
      topicPrefix: options.topicPrefix,
      featureSet: registry.featureSet,
      accepts: {
        partitioner: options.partitioner,
        maxValueBytes: options.maxValueBytes,
        schemaRegistry: log.withPayloads !== undefined,
      },
    };
  }

  /** Commits positions to the log: of these partitions, or of those that have moved. */
  async commit(partitions: readonly number[] = [...this.#uncommitted]): Promise<void> {
    const { at } = this.#deps.options;
    await Promise.all(
      partitions.map(async (number) => {
        this.#uncommitted.delete(number);
        const partition = this.#deps.partitions.get(number);
        if (partition === undefined) return;
        at?.('offsets: before commit');
        await this.#member?.commit(number, partition.positions);
        at?.('offsets: after commit');
      }),
    );
  }

  /** The directory is the live generation from now on: every partition begins anew on its file there. */
  cutOver(directory: string): void {
    this.#generation = directory;
    this.#files.set('directory', new SameFile(directory));
    this.#cuttingOver = true;
    for (const { number } of this.#deps.partitions.held) this.#member?.restart(number);
    this.#cuttingOver = false;
  }

  /** Stops everything when the topics have other partitions than they had: users would be looked for where they are not. */
  async checkPartitionCount(): Promise<void> {
    const { log, topics, partitions } = this.#deps;
    const error = await changedCount(log, topics, this.#partitionCount);
    if (error === undefined) return;
    for (const partition of partitions.held) partition.stop(error);
    this.#fail(error);
  }

  /** For other processes: why nothing comes of some. */
  noteSilent(): void {
    this.#silent.is(this.silent() ?? new Map());
  }

  /** Stops everything when a state file is not the one that is open any more: what is written to it would be gone with this process. */
  checkFiles(): void {
    for (const { path, fate } of this.#files.values()) {
      if (fate === undefined) continue;
      const error = removed(path, fate);
      for (const partition of this.#deps.partitions.held) partition.stop(error);
      return this.#fail(error);
    }
  }

  positions(number: number): ReadonlyMap<string, number> {
    const { partitions } = this.#deps;
    const before = partitions.get(number)?.handOver();
    try {
      const partition = this.#open(number, before);
      partitions.take(partition);
      this.#note.goesOn(number);
      return partition.positions;
    } catch (cause) {
      const error = cannotRun(number, cause);
      before?.close();
      partitions.couldNotOpen(number, error);
      this.#hasStopped(number, error);
      return new Map();
    }
  }

  ready(number: number, ranges: ReadonlyMap<string, OffsetRange>): void {
    const { partitions, topics, startWorker, options } = this.#deps;
    const life = partitions.life(number);
    if (life?.state === 'stopped') throw life.error;
    const partition = partitions.get(number)!;
    try {
      checkOffsets(partition.reader.path, number, partition.positions, ranges);
      const start = {
        path: partitionFile(this.#generation, number),
        identity: this.identity(number),
        topics,
        ranges,
        options: workerOptions(options),
      };
      partition.begin(startWorker, start, this.#identityCheck(partition, ranges));
    } catch (error) {
      partition.fail(cannotRun(number, error));
      throw error;
    }
    options.logger.info({ partition: number, positions: Object.fromEntries(partition.positions) }, 'partition assigned');
  }

  deliver(delivery: Delivery): boolean {
    return this.#deps.partitions.get(delivery.partition)?.deliver(delivery) ?? false;
  }

  revoked(number: number): void {
    this.#files.delete(number);
    if (this.#deps.partitions.life(number)?.state !== 'stopped') this.#note.goesOn(number);
    this.#patience.over(number);
    if (this.#deps.partitions.giveUp(number)) this.#deps.options.logger.info({ partition: number }, 'partition revoked');
  }

  async rejoining(): Promise<void> {
    await Promise.all(this.#deps.partitions.held.map((partition) => partition.holdPublishing()));
  }

  joined(): void {
    for (const partition of this.#deps.partitions.held) partition.releasePublishing();
  }

  failed(error: Error, number?: number): void {
    if (number !== undefined) return this.#deps.partitions.get(number)?.fail(error);
    this.#fail(
      error instanceof TipstreamError
        ? error
        : new TipstreamError('log_failed', `the consumer ended: ${error.message}`, {
            hint: 'See the log lines before this one; start again when the cause is mended.',
            cause: error,
          }),
    );
  }

  /** Makes and checks the state file, which the worker opens again when it begins. */
  #open(number: number, before: Partition | undefined): Partition {
    const { log, registry, options, partitions, metrics } = this.#deps;
    const path = partitionFile(this.#generation, number);
    const was = this.#files.get(number);
    // One that is begun again: made anew, its file would pass for the one that was removed.
    if (!this.#cuttingOver && was?.fate !== undefined) throw removed(path, was.fate);
    // The files of a generation to cut over to were checked, page by page, before anything was held.
    if (!this.#cuttingOver) prepareState(path, this.identity(number), registry);
    this.#files.set(number, new SameFile(path));
    const partition: Partition = new Partition({
      number,
      log,
      reader: new PartitionReader(path, registry),
      options,
      before,
      onCommitted: (committed, gained) => {
        const records = recordsIn(committed);
        if (committed.positions.size > 0) this.#uncommitted.add(number);
        if (records > 0) this.#patience.over(number);
        metrics.applied({ records, committed, gained });
        options.logger.debug({ partition: number, records, took_ms: committed.tookMs }, 'batch committed');
      },
      onPublished: (published) => metrics.pipeline.published(published),
      onDeadLetterRefused: (topic) => metrics.pipeline.deadLetterRefused(topic),
      onStopped: (error) => {
        // One that is only read from any more takes nothing with it when it stops.
        if (partitions.get(number) === partition) this.#hasStopped(number, error);
      },
      resume: (topic) => this.#member?.resume(topic, number),
    });
    return partition;
  }

  /** undefined: nothing of it was applied yet, so that any log is the right one. */
  #identityCheck(partition: Partition, ranges: ReadonlyMap<string, OffsetRange>): ((signal: AbortSignal) => Promise<void>) | undefined {
    const {
      log,
      options: { logger, topicPrefix },
    } = this.#deps;
    const {
      number,
      reader: { path },
      watch,
    } = partition;
    const onSame = (record: LogRecord) => watch.found(record.topic, record.timestampMs, happenedMsOf(topicPrefix, record));
    const applied = partition.reader.lastApplied();
    if (applied.size === 0) return undefined;
    return async (signal) => {
      const unidentified = await checkLogIdentityPatiently(
        log,
        { partition: number, path, applied, ranges, signal, onSame },
        (error, attempt) =>
          logger.warn({ partition: number, attempt, err: error }, 'the log could not be compared with what was applied last; trying again'),
      );
      if (unidentified.length > 0)
        logger.debug(
          { partition: number, unidentified },
          'the log no longer holds the records applied last: whether it is the same log cannot be told',
        );
    };
  }

  #hasStopped(partition: number, error: TipstreamError): void {
    this.#member?.stopPartition(partition);
    this.#note.stopped(partition, error);
    const pauseMs = this.#patience.wait(partition, error, () => this.#member?.restart(partition));
    if (pauseMs !== undefined) {
      this.#deps.options.logger.warn(
        { partition, code: error.code, hint: error.hint, again_in_ms: pauseMs },
        `partition ${partition} waits: ${error.message}; trying again`,
      );
      return;
    }
    this.#deps.options.logger.error(
      { partition, code: error.code, hint: error.hint, err: error },
      `partition ${partition} stopped: ${error.message}`,
    );
    if (error.code === 'partition_count_changed') this.#fail(error);
  }

  #fail(error: TipstreamError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error;
    this.#onFailure(error);
  }

  /** What is written besides the inputs. */
  #outputs(): string[] {
    const { topicPrefix, publishProfiles } = this.#deps.options;
    return [...this.#deps.topics.map(deadLetterTopic), ...(publishProfiles ? [fullTopicName(topicPrefix, 'profile.features')] : [])];
  }
}

function removed(path: string, fate: 'removed' | 'replaced'): TipstreamError {
  return new TipstreamError('state_removed', `${path} was ${fate} while it was open`, {
    hint: 'Stop what removes or replaces files of the data directory, then start again: state is made again from the log.',
    details: { path, fate },
  });
}

function cannotRun(partition: number, cause: unknown): TipstreamError {
  return cause instanceof TipstreamError
    ? cause
    : new TipstreamError('internal', `partition ${partition} cannot run: ${String(cause)}`, { cause });
}
