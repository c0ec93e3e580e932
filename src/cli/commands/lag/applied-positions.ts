/** What the state files of a data directory have applied, each file by itself: one that is damaged hides none of the others. */
import { TipstreamError } from '../../../errors.js';
import type { Config } from '../../../config.js';
import { generationDirectory, partitionFile, partitionsIn } from '../../../store/directory/layout.js';
import { otherCount, stateIncomplete } from '../../../store/directory/state-files.js';
import { PartitionReader } from '../../../store/queries/partition-reader.js';
import { openStateForReading } from '../../../store/state-file.js';
import { registryFor, stateSource } from '../../state-source.js';

export interface AppliedPositions {
  /** partition -> topic -> next offset. Empty in a directory that no worker has used yet. */
  readonly applied: ReadonlyMap<number, ReadonlyMap<string, number>>;
  /** partition -> why its file cannot be read; on the embedded log, also why there is none. */
  readonly unreadable: ReadonlyMap<number, TipstreamError>;
}

/** Throws state_mismatch for the state of another log. */
export function appliedPositions(config: Config): AppliedPositions {
  const applied = new Map<number, ReadonlyMap<string, number>>();
  const unreadable = new Map<number, TipstreamError>();
  const { partitions: told } = stateSource(config);
  const { generation, files } = filesOf(config);
  let [partitions, countedIn] = [told, ''];
  for (const [partition, path] of files) {
    try {
      openStateForReading(path, { partition, log: config.log, topicPrefix: config.topicPrefix }).close();
      const reader = new PartitionReader(path, registryFor(config));
      try {
        const found = reader.identity.partitions;
        if (partitions !== undefined && found !== partitions) throw otherCount(path, found, partitions, countedIn);
        [partitions, countedIn] = [found, path];
        applied.set(partition, reader.positions());
      } finally {
        reader.close();
      }
    } catch (error) {
      if (!(error instanceof TipstreamError) || error.code === 'state_mismatch') throw error;
      unreadable.set(partition, error);
    }
  }
  // On the embedded log nobody else has the others.
  for (let partition = 0; config.log === 'sqlite' && files.size > 0 && partition < (partitions ?? 0); partition++) {
    if (files.has(partition)) continue;
    unreadable.set(partition, stateIncomplete({ generation, files, partitions: partitions!, missing: [partition] }));
  }
  return { applied, unreadable };
}

function filesOf({ data }: Config): { readonly generation: string; readonly files: ReadonlyMap<number, string> } {
  try {
    const generation = generationDirectory(data);
    return { generation, files: new Map(partitionsIn(generation).map((partition) => [partition, partitionFile(generation, partition)])) };
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'no_data') return { generation: '', files: new Map() };
    throw error;
  }
}
