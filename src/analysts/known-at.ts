/**
 * What was known at given positions of the log: servings and reactions from its beginning up to exactly there, folded into files of
 * their own in a scratch folder. The live state is not touched, and what it has pruned since is there again.
 */
import { setImmediate } from 'node:timers/promises';
import { TipstreamError } from '../errors.js';
import type { PartitionerName } from '../log/partitioner.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { partitionFile } from '../store/directory/layout.js';
import { PartitionState } from '../store/partition-state.js';
import type { Positions } from '../store/queries/profiles.js';
import { PartitionReader } from '../store/queries/partition-reader.js';
import { createScratch } from '../store/directory/scratch.js';
import { foldKnown, forgottenTopic } from './fold-known.js';
import { profileTopics } from './profile-topics.js';

export interface KnownAtOptions {
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  /** Of the topics that profiles are folded from; others do not matter. */
  readonly positions: Positions;
  /** Only these partitions; all that the positions name unless given. */
  readonly partitions?: readonly number[];
  readonly nowMs: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (doneOffsets: number, totalOffsets: number) => void;
}

/** The files and their readers; `close` removes them. */
export interface KnownState {
  readonly files: ReadonlyMap<number, string>;
  readonly readers: ReadonlyMap<number, PartitionReader>;
  /** Sentences on what the log could not give. */
  readonly notes: readonly string[];
  close(): void;
}

/**
 * Throws invalid_argument for positions that name neither topic, offset_out_of_range for positions beyond the log's end, and the
 * signal's reason.
 */
export async function stateKnownAt(log: Log, registry: Registry, question: KnownAtOptions): Promise<KnownState> {
  const { topicPrefix, positions, nowMs, onProgress } = question;
  const topics = profileTopics(registry, topicPrefix);
  if (!topics.some((topic) => topic in positions)) {
    throw new TipstreamError('invalid_argument', `the positions name neither ${topics.join(' nor ')}`, {
      hint: 'Give the positions that `tipstream digest --json` prints, and the same --topic-prefix.',
    });
  }
  const ranges = new Map(await Promise.all(topics.map(async (topic) => [topic, await log.offsets(topic)] as const)));
  const forgets = await forgottenTopic(log, topicPrefix);
  const partitions = ranges.get(topics[0]!)!.size;
  const wanted = question.partitions ?? namedPartitions(positions, topics, partitions);
  const targetOf = (topic: string, partition: number): number => positions[topic]?.[partition] ?? 0;
  const lowOf = (topic: string, partition: number): number => ranges.get(topic)!.get(partition)?.low ?? 0;
  const notes: string[] = [];
  let [done, total] = [0, 0];
  for (const partition of wanted) {
    for (const topic of topics) {
      const [low, target] = [lowOf(topic, partition), targetOf(topic, partition)];
      total += Math.max(0, target - low);
      if (low > 0 && target > 0)
        notes.push(`the log of ${topic} partition ${partition} begins at offset ${low}: what came before is missing here`);
    }
  }
  const scratch = createScratch(question.dataDirectory, nowMs);
  const readers = new Map<number, PartitionReader>();
  const close = (): void => {
    for (const reader of readers.values()) reader.close();
    scratch.remove();
  };
  try {
    const files = new Map<number, string>();
    for (const partition of wanted) {
      const path = partitionFile(scratch.directory, partition);
      const state = new PartitionState(
        path,
        { partition, partitions, log: log.kind, topicPrefix, featureSet: registry.featureSet },
        registry,
      );
      try {
        const to = new Map(topics.map((topic) => [topic, targetOf(topic, partition)]));
        await foldKnown(state, to, {
          ...question,
          log,
          registry,
          forgets,
          onProgress: (offsets) => onProgress?.((done += offsets), total),
        });
      } finally {
        state.close();
      }
      files.set(partition, path);
      readers.set(partition, new PartitionReader(path, registry));
      await setImmediate();
    }
    return { files, readers, notes, close };
  } catch (error) {
    close();
    throw error;
  }
}

function namedPartitions(positions: Positions, topics: readonly string[], count: number): number[] {
  const named = [...new Set(topics.flatMap((topic) => Object.keys(positions[topic] ?? {}).map(Number)))].sort((a, b) => a - b);
  const stranger = named.find((partition) => partition >= count);
  if (stranger !== undefined)
    throw new TipstreamError('invalid_argument', `the positions name partition ${stranger}; the topics have ${count}`, {
      hint: 'Give positions of this log.',
    });
  return named;
}
