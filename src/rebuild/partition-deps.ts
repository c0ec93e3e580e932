import type { FaultHook } from '../fault-points.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import type { PartitionProgress } from './partition-job.js';

/** What the work on a partition is done with. */
export interface PartitionDeps {
  readonly log: Log;
  readonly registry: Registry;
  /** Unix ms. */
  readonly clock: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PartitionProgress) => void;
  readonly at?: FaultHook | undefined;
}
