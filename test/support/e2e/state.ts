/** What members have in their state files, put together partition by partition from whoever owns each. */
import { setTimeout as delay } from 'node:timers/promises';
import { defaultRegistry } from '../../../src/projections/registry.js';
import { generationDirectory, partitionFile } from '../../../src/store/directory/layout.js';
import { digestDocument, type DigestDocument } from '../../../src/store/queries/profiles.js';
import { PartitionReader } from '../../../src/store/queries/partition-reader.js';
import type { Member } from './member.js';
import type { Stream } from './stream.js';

const PATIENCE_MS = 120_000;

/** partition -> the data directory whose file counts */
export type Owners = ReadonlyMap<number, string>;

/** One directory that owns all. */
export function soleOwner(stream: Stream, directory: string): Owners {
  return new Map(Array.from({ length: stream.partitions }, (_, partition) => [partition, stream.directory(directory)]));
}

/** Runs `read` with a reader of each partition's owner's file. */
export function withOwnersReaders<T>(owners: Owners, read: (readers: ReadonlyMap<number, PartitionReader>) => T): T {
  const readers = new Map<number, PartitionReader>();
  try {
    for (const [partition, directory] of owners)
      readers.set(partition, new PartitionReader(partitionFile(generationDirectory(directory), partition), defaultRegistry));
    return read(readers);
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

/** The digest over all partitions, each read from its owner's file. */
export function ownersDigest(owners: Owners, asOfMs: number): DigestDocument {
  return withOwnersReaders(owners, (readers) => digestDocument(readers, asOfMs, defaultRegistry.featureSet));
}

/**
 * Resolves when each partition is held and running at exactly one of the members, which has applied all that the log holds; answers who
 * holds what. Throws when a partition stops.
 */
export async function untilAllApplied(stream: Stream, members: readonly Member[], patienceMs = PATIENCE_MS): Promise<Owners> {
  for (const deadline = Date.now() + patienceMs; ; await delay(100)) {
    const behind: string[] = [];
    const owners = new Map<number, string>();
    const ends = new Map(await Promise.all(stream.inputs.map(async (topic) => [topic, await stream.log.offsets(topic)] as const)));
    for (const member of members) {
      for (const { partition, state, error, positions } of (await member.status()).partitions) {
        if (state === 'stopped') throw new Error(`partition ${partition} stopped: ${error?.message}`);
        if (state !== 'running') behind.push(`partition ${partition} is ${state}`);
        if (owners.has(partition)) behind.push(`partition ${partition} is held twice`);
        owners.set(partition, member.directory);
        for (const [topic, ranges] of ends) {
          const { low, end } = ranges.get(partition)!;
          const applied = positions[topic] ?? low;
          if (applied !== end) behind.push(`${topic}/${partition} is applied to ${applied} of ${end}`);
        }
      }
    }
    if (owners.size < stream.partitions) behind.push(`${owners.size} of ${stream.partitions} partitions are held`);
    if (behind.length === 0) return owners;
    if (Date.now() > deadline)
      throw new Error(`not caught up: ${behind.join('; ')}\n${members.map((member) => member.lastWords()).join('\n---\n')}`);
  }
}
