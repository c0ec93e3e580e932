import { TipstreamError } from '../errors.js';
import type { Log } from './port.js';
import type { TopicName } from '../topics.js';
import { topicSettings } from './topic-settings.js';

export interface EnsureTopicsOptions {
  readonly prefix: string;
  readonly partitions: number;
  /** Whether somebody asked for this number, or it is only the default. */
  readonly partitionsGiven: boolean;
  /** The inputs that are consumed, as Registry.topics; those of the set core unless given. */
  readonly consumed?: readonly TopicName[];
}

/**
 * Creates the topics that are missing and answers their names. Topics that exist decide the number of partitions of new ones; throws
 * partition_count_changed when another number was asked for outright.
 */
export async function ensureTopics(
  log: Log,
  { prefix, partitions, partitionsGiven, consumed }: EnsureTopicsOptions,
): Promise<readonly string[]> {
  const wanted = topicSettings(prefix, partitions, undefined, consumed);
  const existing = await log.describeTopics(wanted.map((topic) => topic.name));
  if (existing.length === wanted.length && !partitionsGiven) return [];
  const shared = existing.filter(({ name }) => wanted.find((topic) => topic.name === name)?.ownPartitions !== true);
  const other = shared.find((topic) => topic.partitions !== partitions);
  if (other !== undefined && partitionsGiven) {
    throw new TipstreamError('partition_count_changed', `${other.name} has ${other.partitions} partitions, not ${partitions}`, {
      hint: 'Leave --partitions out, or start with new topics: the number is fixed when topics are created.',
      details: { topic: other.name, partitions: other.partitions, asked: partitions },
    });
  }
  if (existing.length === wanted.length) return [];
  return log.createTopics(topicSettings(prefix, shared[0]?.partitions ?? partitions, undefined, consumed));
}
