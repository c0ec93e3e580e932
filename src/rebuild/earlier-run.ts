/** What an earlier run of `tipstream rebuild` left of a partition, and whether it can be gone on with. */
import { existsSync, rmSync } from 'node:fs';
import { TipstreamError } from '../errors.js';
import { checkLogIdentity } from '../log/checks/identity.js';
import type { OffsetRange } from '../log/port.js';
import { ComparableState } from '../store/rebuild/comparable-state.js';
import { surveyState } from '../store/rebuild/state-survey.js';
import type { PartitionDeps } from './partition-deps.js';
import type { PartitionJob } from './partition-job.js';

/**
 * What an earlier run left is gone on with when it is whole, is of this log and is nowhere ahead of where it should be; else it is
 * removed. Answers why it was.
 */
export async function discardUnless(
  job: PartitionJob,
  deps: PartitionDeps,
  to: ReadonlyMap<string, number>,
  ranges: ReadonlyMap<string, OffsetRange>,
  source: 'tips' | 'log',
): Promise<string | undefined> {
  const { newPath } = job;
  if (!existsSync(newPath)) return undefined;
  const why = await whyUnusable(job, deps, to, ranges, source);
  if (why !== undefined) for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${newPath}${suffix}`, { force: true });
  return why;
}

async function whyUnusable(
  { newPath, identity }: PartitionJob,
  { log, registry, signal }: PartitionDeps,
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
