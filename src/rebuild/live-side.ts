/**
 * What the live state file and the log say of each other: up to where the new file may go before both can be compared, and whether the
 * log still holds what was folded from it.
 */
import { checkLogIdentity } from '../log/checks/identity.js';
import { TipstreamError } from '../errors.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { ComparableState } from '../store/rebuild/comparable-state.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import { topicNamed, TOPICS } from '../topics.js';
import type { PartitionJob } from './partition-job.js';

export interface LivePosition {
  /** topic -> next offset; without topics whose log is another one. */
  readonly positions: ReadonlyMap<string, number>;
  readonly deadLetteredTo: ReadonlyMap<string, number>;
  readonly prunes: readonly RecordedPrune[];
}

/** partition's ranges of all consumed topics */
export async function rangesOf(log: Log, { topics, identity }: PartitionJob): Promise<Map<string, OffsetRange>> {
  return new Map(
    await Promise.all(
      topics.map(async (topic) => [topic, (await log.offsets(topic)).get(identity.partition) ?? { low: 0, end: 0 }] as const),
    ),
  );
}

/** Of a held snapshot. `others`: topics whose log is not the one that the file was folded from. */
export function livePosition(
  live: ComparableState,
  positions: ReadonlyMap<string, number>,
  others: readonly string[],
  ranges: ReadonlyMap<string, OffsetRange>,
): LivePosition {
  const known = ([topic]: readonly [string, number]) => ranges.has(topic) && !others.includes(topic);
  return {
    positions: new Map([...positions].filter(known)),
    // Of a log that has lost its end, what is written there from now on is news.
    deadLetteredTo: new Map(
      [...live.deadLetteredTo()].filter(known).map(([topic, offset]) => [topic, Math.min(offset, ranges.get(topic)!.end)]),
    ),
    prunes: others.length > 0 ? [] : live.prunes(),
  };
}

/** Where the live file stands, and what the log holds after that was read. `path` null: there is none to read. */
export async function readLivePosition(
  log: Log,
  job: PartitionJob,
  path: string | null,
  registry: Registry,
  others: readonly string[],
): Promise<{ readonly position: LivePosition | undefined; readonly ranges: Map<string, OffsetRange> }> {
  if (path === null) return { position: undefined, ranges: await rangesOf(log, job) };
  const live = new ComparableState(path, registry);
  try {
    const positions = live.begin();
    const ranges = await rangesOf(log, job);
    return { position: livePosition(live, positions, others, ranges), ranges };
  } finally {
    live.close();
  }
}

/**
 * `ranges` as they are after the live positions were read. How far the new file goes while the live one goes on: not beyond it, so
 * that both can be compared; requests stay unanswered for whoever starts.
 */
export function stageTargets(
  { topics, to, asked, identity }: PartitionJob,
  live: LivePosition | undefined,
  ranges: ReadonlyMap<string, OffsetRange>,
): Map<string, number> {
  return new Map(
    topics.map((topic) => {
      const end = to.get(topic)!;
      const position = live?.positions.get(topic);
      // Beyond the end as it was when the rebuild began: the live file goes on. Beyond the end as it is now: the log has lost what was
      // there.
      if (position !== undefined) return [topic, Math.min(position, asked.has(topic) ? end : ranges.get(topic)!.end)];
      return [topic, isRequests(topic, identity.topicPrefix) && !asked.has(topic) ? ranges.get(topic)!.low : end];
    }),
  );
}

/** How far it goes when nobody writes the live one: facts to the end, or exactly to where was asked for. */
export function finalTargets(
  { topics, to, asked, identity }: PartitionJob,
  stage: ReadonlyMap<string, number>,
  live: LivePosition | undefined,
): Map<string, number> {
  return new Map(
    topics.map((topic) => {
      if (isRequests(topic, identity.topicPrefix)) return [topic, stage.get(topic)!];
      return [topic, asked.has(topic) ? to.get(topic)! : Math.max(to.get(topic)!, live?.positions.get(topic) ?? 0)];
    }),
  );
}

function isRequests(topic: string, prefix: string): boolean {
  const name = topicNamed(prefix, topic);
  return name !== undefined && !TOPICS[name].rebuiltFrom;
}

export interface LogFindings {
  /** Why a replay cannot give what was folded; one sentence each. */
  readonly incomplete: readonly string[];
  /** Topics whose log is another one than the file was folded from. */
  readonly others: readonly string[];
}

/** What the log lacks of what was folded. `live` undefined: nothing is known of that. */
export async function examineLog(
  log: Log,
  job: PartitionJob,
  live: ComparableState | undefined,
  signal: AbortSignal,
): Promise<LogFindings> {
  const { partition, topicPrefix } = job.identity;
  const incomplete: string[] = [];
  const others: string[] = [];
  const descriptions = new Map((await log.describeTopics(job.topics)).map((description) => [description.name, description]));
  const positions = live?.begin() ?? new Map<string, number>();
  // After the positions: a live file that goes on is soon beyond an end that was asked for before.
  const ranges = await rangesOf(log, job);
  for (const [topic, { low, end }] of ranges) {
    const position = positions.get(topic);
    if (live !== undefined && position !== undefined && position > end)
      incomplete.push(`${topic}/${partition} ends at ${end}, and ${position} had been folded`);
    if (isRequests(topic, topicPrefix)) continue;
    if (low > 0) incomplete.push(`${topic}/${partition} begins at ${low}`);
    if (descriptions.get(topic)?.cleanupPolicy?.includes('compact') === true) incomplete.push(`${topic} is compacted`);
  }
  for (const [topic, applied] of live?.lastApplied() ?? []) {
    const range = ranges.get(topic);
    if (range === undefined || applied.offset >= range.end) continue; // said already
    try {
      await checkLogIdentity(log, { partition, path: live!.path, applied: new Map([[topic, applied]]), ranges, signal });
    } catch (error) {
      if (!(error instanceof TipstreamError && error.code === 'log_changed')) throw error;
      others.push(topic);
      incomplete.push(`${topic}/${partition} holds another record at ${applied.offset} than was folded: it is another log`);
    }
  }
  return { incomplete, others };
}
