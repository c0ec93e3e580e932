/**
 * Whether the live state file and the log account for each other, looked at beside the comparison of users. The requests are read again,
 * and of the other inputs those that hold refused records; counts are compared with those of the file that was made anew.
 */
import { Audit } from '../audit/audit.js';
import { NO_FINDINGS, type AuditReport } from '../audit/finding.js';
import { accepted } from '../audit/refusal.js';
import { readForgotten } from '../log/forgotten.js';
import type { DecodeRules } from '../events/decode.js';
import { partitionFunction } from '../log/partitioner.js';
import type { OffsetRange } from '../log/port.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import type { ComparableState } from '../store/rebuild/comparable-state.js';
import { CONSUMED_TOPICS, FORGOTTEN_TOPIC, fullTopicName, REQUEST_TOPICS, type CandidatesEvent, type ConsumedTopic } from '../topics.js';
import type { PartitionDeps } from './partition-deps.js';
import type { PartitionJob } from './partition-job.js';

export interface LiveAuditOptions {
  readonly live: ComparableState;
  /** Of the live file's snapshot. */
  readonly positions: ReadonlyMap<string, number>;
  readonly rebuilt: ComparableState;
  /** Asked for after the snapshot was begun. */
  readonly ranges: ReadonlyMap<string, OffsetRange>;
  /** Why counts cannot be compared; undefined: both files have counted the same records. */
  readonly notCounted: string | undefined;
}

/** What a process met, and no replay repeats. */
const OF_PROCESSES: ReadonlySet<string> = new Set(['candidates_repeated', 'shadow_failed']);

export function rulesOf({ identity: { partitions }, partitioner, maxValueBytes }: PartitionJob): DecodeRules {
  return { partitioner: partitionFunction(partitioner), partitions, maxValueBytes };
}

/** `others`: topics whose log is not the one that the live file was folded from; then nothing can be said. */
export async function auditLive(
  job: PartitionJob,
  { log, signal }: PartitionDeps,
  others: readonly string[],
  options: LiveAuditOptions,
): Promise<AuditReport> {
  if (others.length > 0) return NO_FINDINGS;
  const { live, positions, rebuilt, ranges } = options;
  const { partition, topicPrefix } = job.identity;
  const rules = rulesOf(job);
  const audit = new Audit({
    log,
    topicPrefix,
    partition,
    rules,
    signal,
    deadLetterDirectory: job.deadLetterDirectory,
    state: live.pending,
    positions,
    includes: () => true,
  });
  const rejected = [...rebuilt.pending.counts().keys()].filter((name) => name.startsWith('rejected:')).map((name) => name.split(':')[1]);
  const forgotten = await readForgotten(log, {
    topicPrefix,
    partition,
    to: positions.get(fullTopicName(topicPrefix, FORGOTTEN_TOPIC)) ?? 0,
    signal,
  });
  for (const topic of CONSUMED_TOPICS) {
    if (!isRequests(topic) && !rejected.includes(topic)) continue;
    const name = fullTopicName(topicPrefix, topic);
    const range = ranges.get(name);
    if (range === undefined) continue; // neither state is folded from it
    const { low, end } = range;
    const to = Math.min(positions.get(name) ?? low, end);
    if (low >= to) continue;
    for await (const records of log.read({ topic: name, partition, from: low, to, signal })) {
      for (const record of records) {
        if (forgotten.hides(name, record.key, record.offset)) continue;
        const decoded = accepted(topic, record, rules);
        if (!decoded.ok) audit.refused(topic, record.offset, decoded.rejection.code);
        else if (isRequests(topic)) audit.requested(decoded.event as CandidatesEvent, record.offset);
      }
      signal.throwIfAborted();
    }
  }
  compareCounts(audit, options);
  if (options.notCounted === undefined && live.featureSet === rebuilt.featureSet) comparePrunes(audit, live.prunes(), rebuilt.prunes());
  return audit.finish();
}

/** What each took of the live state, and of the one that was made anew, where it was repeated. */
function comparePrunes(audit: Audit, live: readonly RecordedPrune[], repeated: readonly RecordedPrune[]): void {
  const taken = ({ tips, rows }: RecordedPrune) => new Map([['tips', tips], ...rows]);
  for (const prune of live) {
    const again = repeated.find(({ seq }) => seq === prune.seq);
    if (again === undefined) continue;
    const [was, is] = [taken(prune), taken(again)];
    for (const feature of new Set([...was.keys(), ...is.keys()])) {
      const [told, replayed] = [was.get(feature) ?? 0, is.get(feature) ?? 0];
      if (told !== replayed) audit.find({ kind: 'prune', userId: null, id: String(prune.seq), feature, live: told, replayed, events: [] });
    }
  }
}

const isRequests = (topic: ConsumedTopic): boolean => (REQUEST_TOPICS as readonly ConsumedTopic[]).includes(topic);

function compareCounts(audit: Audit, { live, rebuilt, notCounted }: LiveAuditOptions): void {
  if (notCounted !== undefined) return audit.cannotTell('count', null, notCounted);
  const [counted, replayed] = [new Map(live.pending.counts()), rebuilt.pending.counts()];
  // Decisions that are not read back yet are not in the file that was made anew.
  const { compared, agreed } = live.pending.unreadPairs();
  for (const [name, pairs] of [['shadow_compared', compared] as const, ['shadow_agreed', agreed] as const])
    if (pairs > 0) counted.set(name, (counted.get(name) ?? 0) - pairs);
  for (const name of [...new Set([...counted.keys(), ...replayed.keys()])].sort()) {
    const [was, is] = [counted.get(name) ?? 0, replayed.get(name) ?? 0];
    if (was === is) continue;
    if (OF_PROCESSES.has(name)) audit.cannotTell('count', null, `The log does not tell ${name}.`);
    else audit.find({ kind: 'count', userId: null, id: name, feature: 'count', live: was, replayed: is, events: [] });
  }
}
