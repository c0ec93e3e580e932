/** The state that an export reads: a copy of it or, where that would take longer than the reading itself, the files as they are. */
import { isId } from '../events/strings.js';
import { TipstreamError } from '../errors.js';
import { partitionFor, type PartitionerName } from '../log/partitioner.js';
import type { Registry } from '../projections/registry.js';
import type { StateSource } from '../store/directory/state-files.js';
import type { ProfileSweep } from '../store/join/profile-sweep.js';
import { openReaders } from '../store/queries/profiles.js';
import type { PartitionReader } from '../store/queries/partition-reader.js';
import { copyState, type CopyOptions } from '../store/snapshot/state-copy.js';

export interface StateView {
  readonly files: ReadonlyMap<number, string>;
  readonly readers: ReadonlyMap<number, PartitionReader>;
  close(): void;
}

/** Spines of up to so many lines are answered from the live files: well under a second, in which the writer's log grows but little. */
const LINES_FROM_LIVE_FILES = 1_000;

/** Throws no_data, state_mismatch, state_incomplete, disk_full. */
export async function openStateView(
  source: StateSource,
  registry: Registry,
  lines: number | undefined,
  nowMs: number,
  options: CopyOptions,
): Promise<StateView> {
  if (lines === undefined || lines > LINES_FROM_LIVE_FILES) return copyState(source, registry, nowMs, options);
  const readers = openReaders(source, registry);
  for (const reader of readers.values()) reader.hold();
  return {
    readers,
    files: new Map([...readers].map(([partition, { path }]) => [partition, path])),
    close() {
      for (const reader of readers.values()) reader.close();
    },
  };
}

/** Finds users among the files. */
export class UserLookup {
  readonly #view: Pick<StateView, 'readers'>;
  readonly #partitioner: PartitionerName;
  readonly #partitions: number;

  constructor(view: Pick<StateView, 'readers'>, partitioner: PartitionerName) {
    this.#view = view;
    this.#partitioner = partitioner;
    this.#partitions = [...view.readers.values()][0]?.identity.partitions ?? 0;
  }

  /** undefined: no event of the user has been applied. Throws no_data when the user's partition is not here. */
  sweep(userId: string): ProfileSweep | undefined {
    for (const partition of this.partitionsOf(userId)) {
      const sweep = this.#view.readers.get(partition)!.sweep(userId);
      if (sweep !== undefined) return sweep;
    }
    return undefined;
  }

  /** Where the user can be: one partition, none for what no event can name, or all where upstream's partitioner is unknown. */
  partitionsOf(userId: string): number[] {
    if (!isId(userId)) return [];
    if (this.#partitioner === 'any') return [...this.#view.readers.keys()];
    const partition = partitionFor(this.#partitioner, Buffer.from(userId), this.#partitions);
    if (this.#view.readers.has(partition)) return [partition];
    throw new TipstreamError('no_data', `partition ${partition}, that of user ${JSON.stringify(userId)}, has no state file here`, {
      hint: 'Export on the member of the group that holds it.',
      details: { user_id: userId, partition },
    });
  }
}
