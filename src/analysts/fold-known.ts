/** One partition of the log, folded into a file of its own up to given positions, for what was known there. */
import { replayPartition } from '../consumers/fold/replay-partition.js';
import { partitionFunction, type PartitionerName } from '../log/partitioner.js';
import type { Log, OffsetRange } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import type { PartitionState } from '../store/partition-state.js';
import { FORGOTTEN_TOPIC, fullTopicName } from '../topics.js';

export interface KnownFold {
  readonly log: Log;
  readonly registry: Registry;
  readonly topicPrefix: string;
  readonly partitioner: PartitionerName;
  readonly maxValueBytes: number;
  readonly nowMs: number;
  readonly signal: AbortSignal;
  /** As forgottenTopic answers it. */
  readonly forgets: ReadonlyMap<string, ReadonlyMap<number, OffsetRange>>;
  readonly onProgress?: ((offsets: number) => void) | undefined;
}

/**
 * `to`: topic -> the next offset, for each topic of the profiles. Who was forgotten since is not known then either. May be called again
 * with later positions.
 */
export async function foldKnown(state: PartitionState, to: ReadonlyMap<string, number>, fold: KnownFold): Promise<void> {
  const { log, registry, topicPrefix, partitioner, maxValueBytes, nowMs, signal, forgets, onProgress } = fold;
  const { partition, partitions } = state.identity;
  await replayPartition({
    log,
    state,
    registry,
    partition,
    topics: [...forgets.keys(), ...to.keys()],
    topicPrefix,
    group: '',
    signal,
    clock: () => nowMs,
    rules: { partitioner: partitionFunction(partitioner), partitions, maxValueBytes },
    scoring: { livePolicy: '', settings: { epsilon: 0, salt: '', shadow: null, shadowLearning: false } },
    to: new Map([...[...forgets].map(([topic, ends]) => [topic, ends.get(partition)?.end ?? 0] as const), ...to]),
    // Its dead letters were published when it was first folded, and nothing publishes the outbox of this file.
    deadLetteredTo: to,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

/** user.forgotten with what it holds; none, where the log of an earlier version does not have it. */
export async function forgottenTopic(log: Log, topicPrefix: string): Promise<KnownFold['forgets']> {
  const topic = fullTopicName(topicPrefix, FORGOTTEN_TOPIC);
  const [found] = await log.describeTopics([topic]);
  return new Map(found === undefined ? [] : [[topic, await log.offsets(topic)]]);
}
