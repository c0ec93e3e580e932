/**
 * Makes one partition's state anew, in a file of its own: from the log, or for other feature definitions from the tips that the live
 * file keeps. First up to the live positions, where both are compared user by user; then, when the live file has no writer any more,
 * on to the ends of the log.
 */
import { NO_FINDINGS } from '../audit/finding.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { carryOver } from '../store/rebuild/carry-over.js';
import { ComparableState } from '../store/rebuild/comparable-state.js';
import { PartitionState } from '../store/partition-state.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';
import { auditLive } from './audit-live.js';
import { closingInReverse } from './close-in-reverse.js';
import { compareStates } from './compare.js';
import { discardUnless } from './earlier-run.js';
import { examineLog, finalTargets, livePosition, rangesOf, readLivePosition, stageTargets } from './live-side.js';
import { moveOver } from './move-over.js';
import type { PartitionDeps } from './partition-deps.js';
import type { PartitionJob, PartitionOutcome } from './partition-job.js';
import { Replaying } from './replaying.js';
import { sendMissing } from './send-missing.js';
import { planSource, type PlannedSource } from './source-plan.js';

const NO_GENERATION: PlannedSource = {
  source: 'log',
  reason: 'there is no live generation',
  comparison: 'none',
  changes: null,
  repeatPrunes: true,
  otherOptions: [],
};

/** What was done stays when it ends early. Throws the signal's reason, and what reading the live file, the log and writing throw. */
export async function rebuildPartition(job: PartitionJob, deps: PartitionDeps): Promise<PartitionOutcome> {
  const { registry, signal, at, clock } = deps;
  const { partition, featureSet: _, accepts, ...identity } = job.identity;
  const livePath = job.livePath ?? '';
  const plan =
    job.livePath === null
      ? NO_GENERATION
      : planSource(livePath, registry, { identity: { partition, ...identity }, accepts, nowMs: clock() });
  const ranges = await rangesOf(deps.log, job);
  const source = job.asked.size > 0 ? 'log' : plan.source;
  const reason = source === plan.source ? plan.reason : 'offsets to stop at were given';
  const findings = await withLive(livePath, plan, registry, (live) => examineLog(deps.log, job, live, signal));
  const readLive = () => readLivePosition(deps.log, job, plan.comparison === 'none' ? null : livePath, registry, findings.others);

  const notes: string[] = [];
  const begun = await readLive();
  const discarded = await discardUnless(job, deps, stageTargets(job, begun.position, begun.ranges), begun.ranges, source);
  if (discarded !== undefined) notes.push(`partition ${partition} is begun anew: ${discarded}`);
  if (source === 'tips') {
    await moveOver(livePath, job.newPath, job.identity, registry, {
      nowMs: clock(),
      signal,
      at,
      lowEnds: new Map([...ranges].map(([topic, { low }]) => [topic, low])),
      onProgress: (progress) =>
        deps.onProgress({
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
  return closingInReverse(async (keepOpen) => {
    const state = keepOpen(new PartitionState(job.newPath, job.identity, registry));
    const replay = new Replaying({ job, shadowLearning, deps, state, repeatPrunes: plan.repeatPrunes, ranges, phase: 'replaying' });
    const stage = await readLive();
    await replay.upTo(stageTargets(job, stage.position, stage.ranges), stage.position);
    at?.('rebuild: replayed');
    const result = {
      partition,
      source,
      reason,
      notes,
      repeatPrunes: plan.repeatPrunes,
      definitions: plan.changes,
      otherOptions: plan.otherOptions,
      ...findings,
    };
    if (plan.comparison === 'none') {
      const positions = state.positions.all();
      return { ...result, records: replay.records, positions, comparison: null, comparedAtSame: false, audit: NO_FINDINGS };
    }

    const live = keepOpen(new ComparableState(livePath, registry));
    const livePositions = live.begin();
    const now = await rangesOf(deps.log, job);
    const position = livePosition(live, livePositions, findings.others, now);
    await replay.upTo(stageTargets(job, position, now), position);
    const rebuilt = keepOpen(new ComparableState(job.newPath, registry));
    const positions = rebuilt.begin();
    const comparison = await compareStates(live, rebuilt, {
      partition,
      asOfMs: job.asOfMs,
      definitions: plan.changes,
      signal,
      onProgress: (done, total) => deps.onProgress({ partition, phase: 'comparing', done, total, folded: replay.passed }),
    });
    const comparedAtSame = standSame(livePositions, positions, now);
    const audit = await auditLive(job, deps, findings.others, {
      live,
      positions: livePositions,
      rebuilt,
      ranges: now,
      notCounted: whyNotCounted({
        source,
        comparedAtSame,
        isComplete: findings.incomplete.length === 0,
        repeatPrunes: plan.repeatPrunes,
        anyForgotten: await anyForgotten(deps.log, job, state),
      }),
    });
    // What readers of profile.features have is what the live generation said.
    if (comparison.changed_users > 0) state.transaction(clock(), () => state.changedProfiles.leaveAll());
    at?.('rebuild: compared');
    return { ...result, records: replay.records, positions, comparison, comparedAtSame, audit };
  });
}

/**
 * For whoever has the data directory to itself: takes the new file to where the live one stands by now, takes over its outbox, and
 * folds on to the ends. Answers where the new file stands then.
 */
export async function finishPartition(job: PartitionJob, rebuilt: PartitionOutcome, deps: PartitionDeps): Promise<PartitionOutcome> {
  const { registry, clock, at } = deps;
  const { position: live, ranges } = await readLivePosition(
    deps.log,
    job,
    rebuilt.comparison === null ? null : job.livePath,
    registry,
    rebuilt.others,
  );
  return closingInReverse(async (keepOpen) => {
    const state = keepOpen(new PartitionState(job.newPath, job.identity, registry));
    const shadowLearning = state.foldOptions.get('shadow_learning') === 'true';
    const replay = new Replaying({ job, shadowLearning, deps, state, repeatPrunes: rebuilt.repeatPrunes, ranges, phase: 'finishing' });
    const stage = stageTargets(job, live, ranges);
    await replay.upTo(stage, live);
    at?.('swap: tail folded');
    if (live !== undefined) {
      const unknownToOld = job.topics.filter((topic) => !live.positions.has(topic));
      carryOver(job.livePath!, state, { nowMs: clock(), deadLetteredTo: live.deadLetteredTo, unknownToOld });
      await sendMissing(job, deps, state, rebuilt.audit.findings);
    }
    at?.('swap: carried over');
    await replay.beyond(finalTargets(job, stage, live));
    if (rebuilt.comparison === null) state.transaction(clock(), () => state.changedProfiles.leaveAll());
    return { ...rebuilt, records: rebuilt.records + replay.records, positions: state.positions.all() };
  });
}

/** Where a user is forgotten whose records are deleted, those in other partitions go too. */
async function anyForgotten(log: Log, { identity: { topicPrefix } }: PartitionJob, { forgotten }: PartitionState): Promise<boolean> {
  if (!forgotten.isEmpty || log.erasing === undefined) return !forgotten.isEmpty;
  return [...(await log.offsets(fullTopicName(topicPrefix, FORGOTTEN_TOPIC))).values()].some(({ end }) => end > 0);
}

/** undefined: the two files have counted the same records. */
function whyNotCounted(
  of: Pick<PartitionOutcome, 'source' | 'comparedAtSame' | 'repeatPrunes'> & { isComplete: boolean; anyForgotten: boolean },
): string | undefined {
  if (of.source === 'tips') return 'The state was made from stored tips: its counts are those of the live one.';
  if (of.anyForgotten) return 'Users were forgotten, whose records the live state had counted.';
  if (!of.isComplete) return 'The log does not hold all that the live state has counted.';
  return of.comparedAtSame && of.repeatPrunes ? undefined : 'The states that were compared have not counted the same records.';
}

/** Runs `work` on the live file; with undefined where there is none to read. */
async function withLive<T>(
  path: string,
  plan: PlannedSource,
  registry: Registry,
  work: (live: ComparableState | undefined) => Promise<T>,
): Promise<T> {
  if (plan.comparison === 'none') return work(undefined);
  return closingInReverse((keepOpen) => work(keepOpen(new ComparableState(path, registry))));
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
