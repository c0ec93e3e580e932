/** What `verify` says of one partition. */
import type { FindingCounts } from './difference.js';
import type { PartitionVerdict } from './verify-partition.js';

/** unproven: equal as far as the log goes, and it has lost what would tell more. missing: there is no state file here. */
export type PartitionResult = 'equal' | 'differs' | 'unproven' | 'missing';

export interface PartitionRow {
  readonly partition: number;
  readonly result: PartitionResult;
  /** Offsets replayed. */
  readonly records: number;
  /** Valid events among them. */
  readonly events: number;
  readonly verified_users: number;
  readonly difference_count: number;
  readonly differing_users: number;
  readonly unproven_count: number;
  /** Requests, dead letters, messages and counts of which a topic has lost what would tell whether they are right. */
  readonly could_not_tell: number;
}

const NOTHING: FindingCounts = { differences: 0, differingUsers: 0, unproven: 0, untold: 0 };

/** `before` and `after`: what had been found in all when the partition began and when it ended. Without a verdict it is missing. */
export function partitionRow(partition: number, verdict?: PartitionVerdict, before = NOTHING, after = NOTHING): PartitionRow {
  const differences = after.differences - before.differences;
  const unproven = after.unproven - before.unproven;
  const untold = after.untold - before.untold;
  return {
    partition,
    result: verdict === undefined ? 'missing' : differences > 0 ? 'differs' : unproven + untold > 0 ? 'unproven' : 'equal',
    records: verdict?.records ?? 0,
    events: verdict?.events ?? 0,
    verified_users: verdict?.users ?? 0,
    difference_count: differences,
    differing_users: after.differingUsers - before.differingUsers,
    unproven_count: unproven,
    could_not_tell: untold,
  };
}
