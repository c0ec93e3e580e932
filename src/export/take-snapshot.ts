/**
 * One SQLite file of everything, as of one moment, that appears whole or not at all: the state is copied, the tables are filled from
 * the copy, and the file is put in its place.
 */
import type { FaultHook } from '../fault-points.js';
import type { Registry } from '../projections/registry.js';
import type { StateSource } from '../store/directory/state-files.js';
import { checkAsOf, missingPartitions, positionsOf, withReaders, type Positions } from '../store/queries/profiles.js';
import { writeSnapshotFile, type SnapshotCounts } from '../store/snapshot/snapshot-file.js';
import { copyState } from '../store/snapshot/state-copy.js';
import { outputFile } from './output-file.js';

export interface TakeSnapshotOptions {
  readonly state: StateSource;
  readonly registry: Registry;
  /** Where the file goes. */
  readonly path: string;
  /** Whether a file that is there may be replaced. */
  readonly replace: boolean;
  /** Of the profiles in it. */
  readonly asOfMs: number;
  readonly nowMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called often, with what is under way, for a person to read. */
  readonly onProgress?: ((what: string) => void) | undefined;
  /** Only tests give it. */
  readonly at?: FaultHook | undefined;
}

export interface TakenSnapshot extends SnapshotCounts {
  readonly positions: Positions;
  /** Partitions that are not in it, ascending. */
  readonly partitionsMissing: readonly number[];
}

/**
 * Throws invalid_argument for a file that is there, output_failed, no_data, state_mismatch, state_incomplete, as_of_pruned, disk_full when
 * there is no space for the copy, and the signal's reason when it aborts; nothing is left behind then.
 */
export async function takeSnapshot({
  state,
  registry,
  path,
  replace,
  asOfMs,
  nowMs,
  signal,
  onProgress,
  at,
}: TakeSnapshotOptions): Promise<TakenSnapshot> {
  const file = outputFile(path, replace);
  try {
    await withReaders(state, registry, (readers) => checkAsOf(readers.values(), asOfMs)); // before minutes of copying
    const copy = await copyState(state, registry, nowMs, {
      signal,
      onProgress: (copied, total) => onProgress?.(`copying the state: ${Math.floor((100 * copied) / Math.max(1, total))} %`),
    });
    try {
      at?.('snapshot: copied');
      checkAsOf(copy.readers.values(), asOfMs);
      const positions = positionsOf(new Map([...copy.readers].map(([partition, reader]) => [partition, reader.positions()])));
      const counts = await writeSnapshotFile(copy, registry, file.temporary, {
        name: path,
        asOfMs,
        takenAtMs: nowMs,
        signal,
        onProgress: (users) => onProgress?.(`${users} users`),
        at,
      });
      signal?.throwIfAborted();
      at?.('snapshot: before rename');
      file.publish();
      at?.('snapshot: after rename');
      return { ...counts, positions, partitionsMissing: missingPartitions(copy.readers) };
    } finally {
      copy.close();
    }
  } finally {
    file.discard();
  }
}
