/** Who does the partitions' jobs: threads (rebuild-threads.ts), or for tests the caller's own. */
import type { Registry } from '../projections/registry.js';
import type { FaultHook } from '../fault-points.js';
import type { Log } from '../log/port.js';
import type { PartitionJob, PartitionOutcome, PartitionProgress, PartitionStep } from './partition-job.js';
import type { PartitionDeps } from './partition-deps.js';
import { finishPartition, rebuildPartition } from './rebuild-partition.js';

export interface JobRunner {
  /** Throws what the job throws; the signal's reason when it aborts, once the job has ended. */
  run(
    job: PartitionJob,
    step: PartitionStep,
    signal: AbortSignal,
    onProgress: (progress: PartitionProgress) => void,
  ): Promise<PartitionOutcome>;
  close(): Promise<void>;
}

export function runJob(job: PartitionJob, step: PartitionStep, deps: PartitionDeps): Promise<PartitionOutcome> {
  return step.step === 'rebuild' ? rebuildPartition(job, deps) : finishPartition(job, step.rebuilt, deps);
}

/** One at a time, in this thread. */
export function inlineRunner(dependencies: {
  readonly log: Log;
  readonly registry: Registry;
  readonly clock: () => number;
  readonly at?: FaultHook | undefined;
}): JobRunner {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(job, step, signal, onProgress) {
      const result = last.then(() => {
        signal.throwIfAborted();
        return runJob(job, step, { ...dependencies, signal, onProgress });
      });
      last = result.catch(() => undefined);
      return result;
    },
    close: () => Promise.resolve(),
  };
}
