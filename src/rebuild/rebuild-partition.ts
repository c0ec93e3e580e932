/**
 * Makes one partition's state anew, in a file of its own: from the log, or for other feature definitions from the tips that the live
 * file keeps. First up to the live positions, where both are compared user by user; then, when the live file has no writer any more,
 * on to the ends of the log.
 */
import { existsSync, rmSync } from 'node:fs';
import { checkLogIdentity } from '../log/checks/identity.js';
import { repeatPrune } from '../consumers/fold/prune.js';
import { replayPartition } from '../consumers/fold/replay-partition.js';
import { TipstreamError } from '../errors.js';
import type { FaultHook } from '../fault-points.js';
import { partitionFunction } from '../log/partitioner.js';
import type { Log, OffsetRange } from '../log/port.js';
import { DEFAULT_POLICY } from '../policies/registry.js';
import type { Registry } from '../projections/registry.js';
import { carryOver } from '../store/rebuild/carry-over.js';
import { ComparableState } from '../store/rebuild/comparable-state.js';
import { PartitionState } from '../store/partition-state.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import { surveyState } from '../store/rebuild/state-survey.js';
import { compareStates } from './compare.js';
import { examineLog, finalTargets, livePosition, rangesOf, readLivePosition, stageTargets, type LivePosition } from './live-side.js';
import { moveOver } from './move-over.js';
import type { PartitionJob, PartitionOutcome, PartitionProgress } from './partition-job.js';
import { planSource, type PlannedSource } from './source-plan.js';

export interface PartitionTools {
  readonly log: Log;
  readonly registry: Registry;
  /** Unix ms. */
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PartitionProgress) => void;
  readonly at?: FaultHook | undefined;
}

const NO_GENERATION: PlannedSource = {
  source: 'log',
  reason: 'there is no live generation',
  comparison: 'none',
  changes: null,
  repeatPrunes: true,
};

/** What was done stays when it ends early. Throws the signal's reason, and what reading the live file, the log and writing throw. */
export async function rebuildPartition(job: PartitionJob, tools: PartitionTools): Promise<PartitionOutcome> {
  const { registry, signal, at, clock } = tools;
  const { partition, featureSet: _, ...identity } = job.identity;
  const livePath = job.livePath ?? '';
  const plan =
    job.livePath === null ? NO_GENERATION : planSource(livePath, registry, { identity: { partition, ...identity }, nowMs: clock() });
  const ranges = await rangesOf(tools.log, job);
  const source = job.asked.size > 0 ? 'log' : plan.source;
  const reason = source === plan.source ? plan.reason : 'offsets to stop at were given';
  const findings = await withLive(livePath, plan, registry, (live) => examineLog(tools.log, job, live, signal));
  const readLive = () => readLivePosition(tools.log, job, plan.comparison === 'none' ? null : livePath, registry, findings.others);

  const notes: string[] = [];
  const begun = await readLive();
  const discarded = await discardUnless(job, tools, stageTargets(job, begun.position, begun.ranges), begun.ranges, source);
  if (discarded !== undefined) notes.push(`partition ${partition} is begun anew: ${discarded}`);
  if (source === 'tips') {
    await moveOver(livePath, job.newPath, job.identity, registry, {
      nowMs: clock(),
      signal,
      at,
      lowEnds: new Map([...ranges].map(([topic, { low }]) => [topic, low])),
      onProgress: (progress) =>
        tools.onProgress({
          partition,
          phase: 'copying',
          folded: 0,
          ...(progress.phase === 'copying'
            ? { done: progress.bytes, total: progress.totalBytes }
            : { done: progress.users, total: progress.totalUsers }),
        }),
    });
  }
  const shadowLearning =
    job.shadowLearning ??
    (await withLive(livePath, plan, registry, (live) => Promise.resolve(live?.shadowLearning()))) ??
    job.settings.shadowLearning;
  const state = new PartitionState(job.newPath, job.identity, registry);
  try {
    const replay = new Replaying({ ...job, shadowLearning }, tools, state, plan.repeatPrunes, ranges, 'replaying');
    const stage = await readLive();
    const targets = stageTargets(job, stage.position, stage.ranges);
    await replay.upTo(targets, stage.position);
    at?.('rebuild: replayed');
    const result = { partition, source, reason, notes, repeatPrunes: plan.repeatPrunes, definitions: plan.changes, ...findings };
    if (plan.comparison === 'none')
      return { ...result, records: replay.records, positions: state.positions.all(), comparison: null, comparedAtSame: false };

    const live = new ComparableState(livePath, registry);
    try {
      const livePositions = live.begin();
      const now = await rangesOf(tools.log, job);
      const position = livePosition(live, livePositions, findings.others, now);
      await replay.upTo(stageTargets(job, position, now), position);
      const rebuilt = new ComparableState(job.newPath, registry);
      try {
        const positions = rebuilt.begin();
        const comparison = await compareStates(live, rebuilt, {
          partition,
          asOfMs: job.asOfMs,
          definitions: plan.changes,
          signal,
          onProgress: (done, total) => tools.onProgress({ partition, phase: 'comparing', done, total, folded: replay.passed }),
        });
        // What readers of profile.features have is what the live generation said.
        if (comparison.changed_users > 0) state.transaction(clock(), () => state.changedProfiles.leaveAll());
        at?.('rebuild: compared');
        return { ...result, records: replay.records, positions, comparison, comparedAtSame: standSame(livePositions, positions, now) };
      } finally {
        rebuilt.close();
      }
    } finally {
      live.close();
    }
  } finally {
    state.close();
  }
}

/**
 * For whoever has the data directory to itself: takes the new file to where the live one stands by now, takes over what that owes, and
 * folds on to the ends. Answers where the new file stands then.
 */
export async function finishPartition(job: PartitionJob, rebuilt: PartitionOutcome, tools: PartitionTools): Promise<PartitionOutcome> {
  const { registry, clock, at } = tools;
  const { position: live, ranges } = await readLivePosition(
    tools.log,
    job,
    rebuilt.comparison === null ? null : job.livePath,
    registry,
    rebuilt.others,
  );
  const state = new PartitionState(job.newPath, job.identity, registry);
  try {
    const shadowLearning = state.foldOptions.get('shadow_learning') === 'true';
    const replay = new Replaying({ ...job, shadowLearning }, tools, state, rebuilt.repeatPrunes, ranges, 'finishing');
    const stage = stageTargets(job, live, ranges);
    await replay.upTo(stage, live);
    at?.('swap: tail folded');
    if (live !== undefined) carryOver(job.livePath!, state, { nowMs: clock(), deadLetteredTo: live.deadLetteredTo });
    at?.('swap: carried over');
    await replay.beyond(finalTargets(job, stage, live));
    if (rebuilt.comparison === null) state.transaction(clock(), () => state.changedProfiles.leaveAll());
    return { ...rebuilt, records: rebuilt.records + replay.records, positions: state.positions.all() };
  } finally {
    state.close();
  }
}

class Replaying {
  readonly #job: PartitionJob & { readonly shadowLearning: boolean };
  readonly #tools: PartitionTools;
  readonly #state: PartitionState;
  readonly #repeatPrunes: boolean;
  readonly #ranges: ReadonlyMap<string, OffsetRange>;
  readonly #phase: PartitionProgress['phase'];
  /** Folded. */
  records = 0;
  /** Offsets passed. */
  passed = 0;

  constructor(
    job: PartitionJob & { readonly shadowLearning: boolean },
    tools: PartitionTools,
    state: PartitionState,
    repeatPrunes: boolean,
    ranges: ReadonlyMap<string, OffsetRange>,
    phase: PartitionProgress['phase'],
  ) {
    this.#job = job;
    this.#tools = tools;
    this.#state = state;
    this.#repeatPrunes = repeatPrunes;
    this.#ranges = ranges;
    this.#phase = phase;
  }

  async upTo(to: ReadonlyMap<string, number>, live: LivePosition | undefined): Promise<void> {
    const known = new Set(this.#state.prunes.all().map(({ seq }) => seq));
    const missing = this.#repeatPrunes ? (live?.prunes ?? []).filter(({ seq }) => !known.has(seq)) : [];
    await this.#fold(to, missing, false, live?.deadLetteredTo);
  }

  /** Past the live positions: what is rejected there is owed its dead letters, and whoever changes their publishing. */
  beyond(to: ReadonlyMap<string, number>): Promise<void> {
    return this.#fold(to, [], true, undefined);
  }

  async #fold(
    to: ReadonlyMap<string, number>,
    prunes: readonly RecordedPrune[],
    noteChanges: boolean,
    deadLetteredTo: ReadonlyMap<string, number> | undefined,
  ): Promise<void> {
    const { identity, topics, group, partitioner, maxValueBytes, settings, shadowLearning, batchRecords } = this.#job;
    const { log, registry, clock, signal, onProgress, at } = this.#tools;
    const { partition, partitions, topicPrefix } = identity;
    const report = (): void => onProgress({ partition, phase: this.#phase, ...this.#standing(to), folded: this.passed });
    report();
    this.records += await replayPartition({
      log,
      state: this.#state,
      registry,
      partition,
      topics,
      topicPrefix,
      group,
      clock,
      signal,
      at,
      to,
      noteChanges,
      rules: { partitioner: partitionFunction(partitioner), partitions, maxValueBytes },
      scoring: { livePolicy: DEFAULT_POLICY, settings: { ...settings, shadowLearning } },
      prunes: prunes.map((prune) => ({ positions: prune.positions, repeat: (state) => void repeatPrune(state, registry, prune) })),
      ...(batchRecords === undefined ? {} : { batchRecords }),
      ...(deadLetteredTo === undefined ? {} : { deadLetteredTo }),
      onProgress: (offsets) => {
        this.passed += offsets;
        report();
      },
    });
  }

  #standing(to: ReadonlyMap<string, number>): { done: number; total: number } {
    const positions = this.#state.positions.all();
    let [done, total] = [0, 0];
    for (const [topic, end] of to) {
      const low = Math.min(this.#ranges.get(topic)?.low ?? 0, end);
      total += end - low;
      done += Math.min(end, Math.max(low, positions.get(topic) ?? low)) - low;
    }
    return { done, total };
  }
}

/** Runs `work` on the live file; with undefined where there is none to read. */
async function withLive<T>(
  path: string,
  plan: PlannedSource,
  registry: Registry,
  work: (live: ComparableState | undefined) => Promise<T>,
): Promise<T> {
  if (plan.comparison === 'none') return work(undefined);
  const live = new ComparableState(path, registry);
  try {
    return await work(live);
  } finally {
    live.close();
  }
}

/**
 * What an earlier run left is gone on with when it is whole, is of this log and is nowhere ahead of where it should be; else it is
 * removed. Answers why it was.
 */
async function discardUnless(
  job: PartitionJob,
  tools: PartitionTools,
  to: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
  source: 'tips' | 'log',
): Promise<string | undefined> {
  const { newPath } = job;
  if (!existsSync(newPath)) return undefined;
  const why = await whyUnusable(job, tools, to, ranges, source);
  if (why !== undefined) for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${newPath}${suffix}`, { force: true });
  return why;
}

async function whyUnusable(
  { newPath, identity }: PartitionJob,
  { log, registry, signal }: PartitionTools,
  to: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
  source: 'tips' | 'log',
): Promise<string | undefined> {
  const { featureSet, ...made } = identity;
  const found = surveyState(newPath, made);
  if (found.kind !== 'whole') return 'what an earlier run left is damaged';
  if (found.identity.featureSet !== featureSet)
    return source === 'tips' ? undefined : 'what an earlier run left is of other feature definitions';
  const state = new ComparableState(newPath, registry);
  try {
    for (const [topic, offset] of state.begin()) {
      if (offset > (to.get(topic) ?? 0)) return `what an earlier run left had gone beyond ${topic} ${to.get(topic) ?? 0} already`;
    }
    await checkLogIdentity(log, { partition: identity.partition, path: newPath, applied: state.lastApplied(), ranges, signal });
    return undefined;
  } catch (error) {
    if (error instanceof TipstreamError && (error.code === 'log_changed' || error.code === 'offset_out_of_range'))
      return 'what an earlier run left is of another log';
    throw error;
  } finally {
    state.close();
  }
}

/**
 * A topic of which the live file has no position stands where its log begins: a power failure can leave a file that had only just been
 * made.
 */
function standSame(
  live: ReadonlyMap<string, number>,
  rebuilt: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
): boolean {
  return [...new Set([...live.keys(), ...rebuilt.keys()])].every(
    (topic) => (live.get(topic) ?? ranges.get(topic)?.low) === rebuilt.get(topic),
  );
}
