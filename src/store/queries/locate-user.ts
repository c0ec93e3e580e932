/** Which state file holds a user, from any process. */
import { TipstreamError } from '../../errors.js';
import { partitionFor, type PartitionerName } from '../../log/partitioner.js';
import type { Registry } from '../../projections/registry.js';
import { generationDirectory, partitionFile, partitionsIn } from '../directory/layout.js';
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

export interface StateOfUsers {
  readonly dataDirectory: string;
  readonly registry: Registry;
  readonly partitioner: PartitionerName;
  /** 'refuse' unless given. */
  readonly otherFeatures?: OtherFeatures;
}

/** Runs `read` with the reader of the user's partition. Throws no_data where this directory does not have it. */
export function withReaderOf<T>(
  { dataDirectory, registry, partitioner, otherFeatures }: StateOfUsers,
  userId: string,
  read: (reader: PartitionReader, partition: number) => T,
): T {
  const generation = generationDirectory(dataDirectory);
  const present = partitionsIn(generation);
  const readers = new Map<number, PartitionReader>();
  const open = (partition: number) =>
    readers.set(partition, new PartitionReader(partitionFile(generation, partition), registry, otherFeatures));
  try {
    // Any file says how many partitions there are, and so which one has the user; without a partitioner they are all asked.
    for (const partition of partitioner === 'any' ? present : present.slice(0, 1)) open(partition);
    const [first] = readers.values();
    if (first === undefined)
      throw new TipstreamError('no_data', `no state file in ${generation}`, {
        hint: 'Run `tipstream start` on this data directory first.',
        details: { path: generation },
      });
    const partition = partitionOfUser(userId, partitioner, first.identity.partitions, readers);
    if (!readers.has(partition) && present.includes(partition)) open(partition);
    const reader = readers.get(partition);
    if (reader !== undefined) return read(reader, partition);
    throw new TipstreamError('no_data', `partition ${partition} of this user has no state file in ${dataDirectory}`, {
      hint: 'Ask the member of the group that holds it, or ask over HTTP.',
      details: { partition },
    });
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}
