/** Which state file holds a user, from any process. */
import { TipstreamError } from '../../errors.js';
import { partitionFor, type PartitionerName } from '../../log/partitioner.js';
import type { Registry } from '../../projections/registry.js';
import { presentStateFiles, stateIncomplete, type StateSource } from '../directory/state-files.js';
import { PartitionReader, type OtherFeatures } from './partition-reader.js';

/** The partition that holds a user. Where upstream's partitioner is unknown ('any'), the one whose file has the user; else murmur2's. */
export function partitionOfUser(
  userId: string,
  partitioner: PartitionerName,
  partitions: number,
  readers: ReadonlyMap<number, PartitionReader>,
): number {
  if (partitioner === 'any') {
    for (const [partition, reader] of readers) if (reader.has(userId)) return partition;
  }
  return partitionFor(partitioner, Buffer.from(userId), partitions);
}

export interface StateOfUsers extends StateSource {
  readonly registry: Registry;
  readonly partitioner: PartitionerName;
  /** 'refuse' unless given. */
  readonly otherFeatures?: OtherFeatures;
}

/**
 * Runs `read` with the reader of the user's partition. Throws no_data where another member of the group has it, state_incomplete where
 * there is no other, and state_mismatch.
 */
export function withReaderOf<T>(state: StateOfUsers, userId: string, read: (reader: PartitionReader, partition: number) => T): T {
  const { registry, partitioner, otherFeatures = 'refuse' } = state;
  const present = presentStateFiles(
    partitioner === 'any' ? state : { ...state, accepts: { partitioner } },
    otherFeatures === 'refuse' ? registry : undefined,
  );
  const readers = new Map<number, PartitionReader>();
  const open = (partition: number) => readers.set(partition, new PartitionReader(present.files.get(partition)!, registry, otherFeatures));
  try {
    // Without a partitioner all are asked.
    if (partitioner === 'any') for (const partition of present.files.keys()) open(partition);
    const partition = partitionOfUser(userId, partitioner, present.partitions, readers);
    const isElsewhere = partitioner === 'any' && present.missing.length > 0 && readers.get(partition)?.has(userId) !== true;
    if (!isElsewhere && present.files.has(partition)) {
      if (!readers.has(partition)) open(partition);
      return read(readers.get(partition)!, partition);
    }
    if (state.log === 'sqlite') throw stateIncomplete(present);
    throw new TipstreamError('no_data', `partition ${partition} of this user has no state file in ${state.dataDirectory}`, {
      hint: 'Ask the member of the group that holds it, or ask over HTTP.',
      details: { partition },
    });
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}
