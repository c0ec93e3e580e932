import type { Logger } from 'pino';
import type { FaultHook } from '../fault-points.js';
import type { PartitionerName } from '../log/partitioner.js';
import type { ScoringOptions } from '../consumers/fold/scorer.js';
import type { GenerationOptions } from './generate.js';

/** What the service needs to know, already parsed and checked. */
export interface ServiceOptions {
  readonly dataDirectory: string;
  readonly group: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  readonly scoring: ScoringOptions;
  readonly publishProfiles: boolean;
  /** Whether a promotion that earns surely less is taken back; it is unless false. */
  readonly guardrail?: boolean | undefined;
  readonly maxBatchRecords: number;
  readonly maxTaskIdleMs: number;
  /** Tips are kept for so long, ms, after the last of their times; absent: for ever. */
  readonly retainMs?: number | undefined;
  /** Absent: no gateway, and prompt version v1. */
  readonly generation?: GenerationOptions | undefined;
  /** Unix ms. */
  readonly clock: () => number;
  readonly logger: Logger;
  /** Only tests give it. */
  readonly at?: FaultHook | undefined;
}
