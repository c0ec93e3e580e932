/** What a worker begins with, as its start says. */
import type { DecodeRules } from '../../events/decode.js';
import { partitionFunction } from '../../log/partitioner.js';
import { fullTopicName, REQUEST_TOPICS } from '../../topics.js';
import { MergeQueue } from './merge-queue.js';
import type { WorkerStartOptions } from './worker-contract.js';

/** A candidates record is answered with a message of kilobytes that the batch holds in memory: it counts for this many facts. */
const CANDIDATES_WEIGHT = 50;

export function decodeRulesOf({ identity: { partitions }, options }: WorkerStartOptions): DecodeRules {
  return { maxValueBytes: options.maxValueBytes, partitions, partitioner: partitionFunction(options.partitioner) };
}

/** `positions`: topic -> next offset; a topic without one begins at its low end. */
export function mergeQueueOf(
  { identity, topics, ranges, options }: WorkerStartOptions,
  positions: ReadonlyMap<string, number>,
): MergeQueue {
  return new MergeQueue(
    {
      topics,
      maxIdleMs: options.maxTaskIdleMs,
      weights: new Map(REQUEST_TOPICS.map((topic) => [fullTopicName(identity.topicPrefix, topic), CANDIDATES_WEIGHT])),
    },
    new Map(topics.map((topic) => [topic, positions.get(topic) ?? ranges.get(topic)?.low ?? 0])),
    new Map([...ranges].map(([topic, range]) => [topic, range.end])),
  );
}
