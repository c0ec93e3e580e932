/** What is to be done for one partition, and what came of it. All of it can be cloned: partitions are rebuilt in threads of their own. */
import type { AuditReport } from '../audit/finding.js';
import type { PartitionerName } from '../log/partitioner.js';
import type { PolicySettings } from '../policies/controls/control.js';
import type { DefinitionChanges } from '../projections/definitions.js';
import type { StateIdentity } from '../store/state-file.js';
import type { OtherOption } from '../store/tables/acceptance.js';
import type { Comparison } from './changes.js';

export interface PartitionJob {
  readonly identity: StateIdentity;
  /** The live state file, which may be missing; null where there is no live generation. */
  readonly livePath: string | null;
  readonly newPath: string;
  /** Where dead letters are kept that their topic did not take. */
  readonly deadLetterDirectory: string;
  /** Full names of the consumed topics. */
  readonly topics: readonly string[];
  readonly group: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** As `start` has it; null: as the live file says. */
  readonly shadowLearning: boolean | null;
  readonly settings: PolicySettings;
  /** topic -> the offset to end at: the log's end when the rebuild began, or what was asked for. */
  readonly to: ReadonlyMap<string, number>;
  /** Topics whose `to` was asked for. */
  readonly asked: ReadonlySet<string>;
  /** Profiles are compared as of this, Unix ms. */
  readonly asOfMs: number;
  /** Records in one transaction at most. */
  readonly batchRecords?: number;
}

/**
 * What is wanted of a job: a new file at the live positions, compared; or, when nobody writes the live file any more, the rest of the
 * way to the ends.
 */
export type PartitionStep = { readonly step: 'rebuild' } | { readonly step: 'finish'; readonly rebuilt: PartitionOutcome };

export interface PartitionOutcome {
  readonly partition: number;
  /** Where the new state came from, and why. */
  readonly source: 'tips' | 'log';
  readonly reason: string;
  /** Folded in this run. */
  readonly records: number;
  /** Where the new file stands. */
  readonly positions: ReadonlyMap<string, number>;
  /** null: there is no live state that could be read. */
  readonly comparison: Comparison | null;
  /** Whether both stood at the same positions when they were compared. */
  readonly comparedAtSame: boolean;
  /** Why the log cannot give again what was folded from it; empty when it can. */
  readonly incomplete: readonly string[];
  /** Topics whose log is not the one that the live file was folded from. */
  readonly others: readonly string[];
  /** Options by which records are accepted that the live file was folded with otherwise. */
  readonly otherOptions: readonly OtherOption[];
  /** Where the live file and the log do not account for each other. */
  readonly audit: AuditReport;
  /** Worth telling. */
  readonly notes: readonly string[];
  readonly repeatPrunes: boolean;
  /** What the definitions are against those of the live file; null where that does not say. */
  readonly definitions: DefinitionChanges | null;
}

export interface PartitionProgress {
  readonly partition: number;
  readonly phase: 'copying' | 'replaying' | 'comparing' | 'finishing';
  /** Offsets passed, bytes copied or users compared. */
  readonly done: number;
  readonly total: number;
  /** Offsets folded in this run. */
  readonly folded: number;
}
