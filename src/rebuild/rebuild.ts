/**
 * Replays the log into a new generation of state files, compares it with the live one, and puts it in its place. The live state is
 * only read until the very end, so that a rebuild which ends early, however it ends, has changed nothing; what it has done is in the
 * new files, and the next one goes on from there.
 */
import { countPartitions } from '../log/checks/partition-count.js';
import { TipstreamError } from '../errors.js';
import type { FaultHook } from '../fault-points.js';
import type { PartitionerName } from '../log/partitioner.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { PolicySettings } from '../policies/controls/control.js';
import type { DefinitionChanges } from '../projections/definitions.js';
import type { Registry } from '../projections/registry.js';
import { lockData } from '../store/directory/data-lock.js';
import {
  currentGeneration,
  deadLetterDirectory,
  generationPath,
  generations,
  partitionFile,
  partitionsIn,
  removeGeneration,
} from '../store/directory/layout.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import { lockRebuild } from '../store/directory/rebuild-lock.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import type { AcceptedSince } from '../audit/accepted-since.js';
import type { Untold } from '../audit/finding.js';
import { differencesOf, type Difference } from './differences.js';
import { mergeComparisons, NO_COMPARISON, type Comparison } from './changes.js';
import { settlePreviousRequest } from './previous-request.js';
import { chooseGeneration, shareDone, type ChosenGeneration } from './generation.js';
import { checkAsked } from './offsets.js';
import type { PartitionJob, PartitionOutcome, PartitionProgress, PartitionStep } from './partition-job.js';
import type { JobRunner } from './run-jobs.js';
import { isChanged, ownerHasPreviousDefinitions, ownerHasPreviousOptions } from './source-plan.js';
import { swap } from './swap.js';

export interface RebuildOptions {
  readonly dataDirectory: string;
  readonly group: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  readonly settings: PolicySettings;
  /** null: as the live state says. */
  readonly shadowLearning: boolean | null;
  /** Compare, and swap nothing. */
  readonly dryRun: boolean;
  /** Swap though the log no longer holds all that was folded, and users differ. */
  readonly force: boolean;
  /** Remove the generations that are not live any more, after the swap. */
  readonly prune: boolean;
  /** Where to stop; what it does not name goes to the log's end. */
  readonly to: Positions | null;
  /** Records in one transaction at most. */
  readonly batchRecords?: number;
  /** How long the owner of the directory may take to swap. */
  readonly swapWithinMs?: number;
}

export interface RebuildTools {
  readonly log: Log;
  readonly registry: Registry;
  readonly runner: JobRunner;
  /** Unix ms. */
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: PartitionProgress) => void;
  /** How many partitions there will be progress of. */
  readonly onBegin?: (partitions: readonly number[]) => void;
  readonly onNote?: (text: string) => void;
  readonly at?: FaultHook | undefined;
}

export interface Refusal {
  /** What the log lacks, a sentence each. */
  readonly incomplete: readonly string[];
  /** Users who would change: how many, and the first of them. */
  readonly users: number;
  readonly user_ids: readonly string[];
}

export interface RebuildDocument extends Comparison {
  readonly dry_run: boolean;
  readonly swapped: boolean;
  /** The new one, live when it was swapped. */
  readonly generation: string;
  /** The one that was live before; null when there was none. */
  readonly previous: string | null;
  readonly feature_set: string;
  readonly as_of_ms: number;
  /** Where the new one stands. */
  readonly positions: Positions;
  /** Records folded in this run. */
  readonly records: number;
  /** Whether it went on with what an earlier run had begun. */
  readonly resumed: boolean;
  /** Partitions without a live state that could be read: made anew, and compared with nothing. */
  readonly not_compared: readonly number[];
  /** Partitions that stood at other positions than the live ones when they were compared, so that the difference may be just that. */
  readonly compared_elsewhere: readonly number[];
  /** Why the log cannot give again all that was folded from it; empty when it can. */
  readonly incomplete: readonly string[];
  /** What the feature definitions are against those of the live generation; null where none says. */
  readonly definitions: DefinitionChanges | null;
  /** Where the state came from, partition by partition. */
  readonly sources: readonly { readonly partition: number; readonly source: 'tips' | 'log'; readonly reason: string }[];
  /** Options by which records are accepted that the live state was folded with otherwise. */
  readonly other_options: readonly { readonly option: string; readonly live: string; readonly rebuilt: string }[];
  /** Where the live state and the log do not account for each other, besides users: the first of it. */
  readonly differences: readonly Difference[];
  readonly difference_count: number;
  /** Records that were refused when they came and are events now: the rebuilt state has them, and the live one does not. */
  readonly accepted_since: readonly AcceptedSince[];
  /** What can be called neither equal nor different. */
  readonly could_not_tell: readonly Untold[];
  /** Why it was not swapped; null when it was, or was not asked for. */
  readonly refused: Refusal | null;
  /** Generations that were removed. */
  readonly removed: readonly string[];
  readonly took_ms: number;
}

const NAMED_USERS = 20;
const SWAP_WITHIN_MS = 120_000;

/**
 * Throws data_in_use while another rebuild runs, and with `to` while a service runs (it would go on at once); topic_not_found,
 * partition_count_changed, offset_out_of_range, what reading the log and the files and writing throw; timeout when the owner does not
 * answer; and the signal's reason. Nothing is swapped then.
 */
export async function rebuild(options: RebuildOptions, tools: RebuildTools): Promise<RebuildDocument> {
  const lock = lockRebuild(options.dataDirectory);
  try {
    await settlePreviousRequest(options.dataDirectory, options.swapWithinMs ?? SWAP_WITHIN_MS, tools);
    return await new Rebuilding(options, tools).run();
  } finally {
    lock.release();
  }
}

/** Removes every generation but the live one; answers their names. Throws data_in_use while a rebuild runs. */
export function removeOtherGenerations(dataDirectory: string): string[] {
  const lock = lockRebuild(dataDirectory);
  try {
    return removeOthers(dataDirectory);
  } finally {
    lock.release();
  }
}

function removeOthers(dataDirectory: string): string[] {
  const live = currentGeneration(dataDirectory);
  const others = generations(dataDirectory).filter((name) => name !== live);
  if (live === undefined && others.length > 0) {
    throw new TipstreamError('no_data', `no generation of ${dataDirectory} is live`, {
      hint: 'Nothing was removed: run `tipstream rebuild` first.',
      details: { path: dataDirectory },
    });
  }
  for (const name of others) removeGeneration(dataDirectory, name);
  return others;
}

class Rebuilding {
  readonly #options: RebuildOptions;
  readonly #tools: RebuildTools;
  readonly #startedAtMs: number;
  readonly #startedMs = performance.now();
  readonly #previous: string | undefined;

  constructor(options: RebuildOptions, tools: RebuildTools) {
    this.#options = options;
    this.#tools = tools;
    this.#startedAtMs = tools.clock();
    this.#previous = currentGeneration(options.dataDirectory);
  }

  async run(): Promise<RebuildDocument> {
    const { dataDirectory, dryRun, prune } = this.#options;
    const { log, onBegin } = this.#tools;
    const topics = this.#tools.registry.topics.map((topic) => fullTopicName(this.#options.topicPrefix, topic));
    const count = await countPartitions(log, topics);
    const ranges = new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const)));
    this.#checkAsked(ranges);
    const generation = chooseGeneration(
      dataDirectory,
      { ...this.#madeWith(count), started_at_ms: this.#startedAtMs, ends: endsOf(ranges) },
      (text) => this.#note(text),
    );
    const jobs = this.#partitions(count).map((partition) => this.#job(partition, count, topics, ranges, generation));
    if (generation.resumed) this.#noteResuming(generation, jobs, ranges);
    onBegin?.(jobs.map(({ identity }) => identity.partition));

    const outcomes = await this.#runAll(jobs, (): PartitionStep => ({ step: 'rebuild' }));
    for (const note of outcomes.flatMap(({ notes }) => notes)) this.#note(note);
    const document = this.#document(
      generation,
      outcomes,
      positionsOf(new Map(outcomes.map(({ partition, positions }) => [partition, positions]))),
    );
    const refused = dryRun ? null : this.#refusal(document);
    if (dryRun || refused !== null) return { ...document, refused };

    const rebuilt = new Map(outcomes.map((outcome) => [outcome.partition, outcome]));
    let records = document.records;
    const { positions, by } = await swap({
      dataDirectory,
      generation: generation.name,
      featureSet: this.#tools.registry.featureSet,
      waitMs: this.#options.swapWithinMs ?? SWAP_WITHIN_MS,
      finish: async () => {
        const finished = await this.#runAll(
          jobs,
          (job): PartitionStep => ({
            step: 'finish',
            rebuilt: rebuilt.get(job.identity.partition)!,
          }),
        );
        records = finished.reduce((sum, outcome) => sum + outcome.records, 0);
        return finished;
      },
      notByOwner: this.#whyNotByOwner(document),
      clock: this.#tools.clock,
      signal: this.#tools.signal,
      onNote: (text) => this.#note(text),
      at: this.#tools.at,
    });
    if (by === 'owner') this.#note(`the running service switched to ${generation.name}`);
    return { ...document, swapped: true, records, positions, removed: prune ? removeOthers(dataDirectory) : [], took_ms: this.#tookMs() };
  }

  /** All at once; the first that fails ends the others, and is thrown when they have ended. */
  async #runAll(jobs: readonly PartitionJob[], stepOf: (job: PartitionJob) => PartitionStep): Promise<PartitionOutcome[]> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#tools.signal, failed.signal]);
    const results = await Promise.allSettled(
      jobs.map(async (job) => {
        try {
          return await this.#tools.runner.run(job, stepOf(job), signal, (progress) => this.#tools.onProgress?.(progress));
        } catch (error) {
          failed.abort(error);
          throw error;
        }
      }),
    );
    this.#tools.signal.throwIfAborted();
    if (failed.signal.aborted) throw failed.signal.reason;
    return results.map((result) => (result as PromiseFulfilledResult<PartitionOutcome>).value);
  }

  /** On Kafka other members may have partitions that have no files here. */
  #partitions(count: number): number[] {
    const all = Array.from({ length: count }, (_, partition) => partition);
    if (this.#tools.log.kind === 'sqlite' || this.#previous === undefined) return all;
    const here = partitionsIn(generationPath(this.#options.dataDirectory, this.#previous));
    return here.length === 0 ? all : here;
  }

  #job(
    partition: number,
    partitions: number,
    topics: readonly string[],
    ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>,
    { path }: ChosenGeneration,
  ): PartitionJob {
    const { dataDirectory, topicPrefix, group, partitioner, maxValueBytes, shadowLearning, settings, to, batchRecords } = this.#options;
    const { log, registry } = this.#tools;
    // Who was forgotten since is not to come back with an earlier state.
    const askedOf = (topic: string): number | undefined =>
      topic === fullTopicName(this.#options.topicPrefix, FORGOTTEN_TOPIC) ? undefined : to?.[topic]?.[String(partition)];
    return {
      identity: {
        partition,
        partitions,
        log: log.kind,
        topicPrefix,
        featureSet: registry.featureSet,
        accepts: { partitioner, maxValueBytes, schemaRegistry: log.withPayloads !== undefined },
      },
      livePath: this.#previous === undefined ? null : partitionFile(generationPath(dataDirectory, this.#previous), partition),
      newPath: partitionFile(path, partition),
      deadLetterDirectory: deadLetterDirectory(dataDirectory),
      topics,
      group,
      partitioner,
      maxValueBytes,
      shadowLearning,
      settings,
      to: new Map(topics.map((topic) => [topic, askedOf(topic) ?? ranges.get(topic)?.get(partition)?.end ?? 0])),
      asked: new Set(topics.filter((topic) => askedOf(topic) !== undefined)),
      asOfMs: this.#startedAtMs,
      ...(batchRecords === undefined ? {} : { batchRecords }),
    };
  }

  #checkAsked(ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>): void {
    const { to, dryRun, dataDirectory } = this.#options;
    if (to === null) return;
    checkAsked(to, ranges);
    if (dryRun) return;
    try {
      lockData(dataDirectory, this.#startedAtMs).release();
    } catch (error) {
      if (error instanceof TipstreamError && error.code === 'data_in_use') throw ownedWhileStopping(dataDirectory);
      throw error;
    }
  }

  #madeWith(partitions: number) {
    const { topicPrefix, partitioner, maxValueBytes } = this.#options;
    return {
      feature_set: this.#tools.registry.featureSet,
      log: this.#tools.log.kind,
      topic_prefix: topicPrefix,
      partitions,
      partitioner,
      max_value_bytes: maxValueBytes,
    };
  }

  #noteResuming(
    { name, path }: ChosenGeneration,
    jobs: readonly PartitionJob[],
    ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>,
  ): void {
    const lows = jobs.map(
      ({ identity: { partition }, topics }) =>
        [partition, new Map(topics.map((topic) => [topic, ranges.get(topic)?.get(partition)?.low ?? 0]))] as const,
    );
    const share = shareDone(path, new Map(jobs.map(({ identity, to }) => [identity.partition, to])), new Map(lows));
    this.#note(`resuming ${name} at ${Math.floor(100 * share)} %`);
  }

  #document({ name, resumed }: ChosenGeneration, outcomes: readonly PartitionOutcome[], positions: Positions): RebuildDocument {
    const where = (is: (outcome: PartitionOutcome) => boolean) => outcomes.filter(is).map(({ partition }) => partition);
    return {
      dry_run: this.#options.dryRun,
      swapped: false,
      generation: name,
      previous: this.#previous ?? null,
      feature_set: this.#tools.registry.featureSet,
      as_of_ms: this.#startedAtMs,
      ...mergeComparisons(outcomes.map(({ comparison }) => comparison ?? NO_COMPARISON)),
      positions,
      records: outcomes.reduce((sum, outcome) => sum + outcome.records, 0),
      resumed,
      not_compared: where(({ comparison }) => comparison === null),
      compared_elsewhere: where(({ comparison, comparedAtSame }) => comparison !== null && !comparedAtSame),
      incomplete: [...new Set(outcomes.flatMap(({ source, incomplete }) => (source === 'log' ? incomplete : [])))],
      definitions: outcomes.map(({ definitions }) => definitions).find((definitions) => definitions !== null) ?? null,
      sources: outcomes.map(({ partition, source, reason }) => ({ partition, source, reason })),
      other_options: (outcomes.find((one) => one.otherOptions.length > 0)?.otherOptions ?? []).map(({ option, stored, given }) => ({
        option,
        live: stored,
        rebuilt: given,
      })),
      ...differencesOf(outcomes, this.#options.topicPrefix),
      refused: null,
      removed: [],
      took_ms: this.#tookMs(),
    };
  }

  /** A log that still holds everything is right, and what differs is mended. One that does not would take from users what it has lost. */
  #refusal({ incomplete, changed_users: users, changes }: RebuildDocument): Refusal | null {
    if (this.#options.force || incomplete.length === 0 || users === 0) return null;
    return { incomplete, users, user_ids: changes.slice(0, NAMED_USERS).map(({ user_id }) => user_id) };
  }

  /** Who runs on the directory has the definitions of the live generation: with others it would not have started. */
  #whyNotByOwner({ definitions, other_options: options }: RebuildDocument): TipstreamError | undefined {
    const { dataDirectory, to } = this.#options;
    if (to !== null) return ownedWhileStopping(dataDirectory);
    if (options.length > 0) return ownerHasPreviousOptions(dataDirectory, options);
    return isChanged(definitions) ? ownerHasPreviousDefinitions(dataDirectory, this.#tools.registry, definitions) : undefined;
  }

  #note(text: string): void {
    this.#tools.onNote?.(text);
  }

  #tookMs(): number {
    return Math.round(performance.now() - this.#startedMs);
  }
}

function endsOf(ranges: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>): Positions {
  return Object.fromEntries(
    [...ranges].map(([topic, ofTopic]) => [topic, Object.fromEntries([...ofTopic].map(([partition, { end }]) => [partition, end]))]),
  );
}

function ownedWhileStopping(dataDirectory: string): TipstreamError {
  return new TipstreamError('data_in_use', `a service runs on ${dataDirectory}: it would apply what follows the given offsets at once`, {
    hint: 'Stop it first, or say --dry-run to see what would change.',
    details: { path: dataDirectory },
  });
}
