/**
 * What `topics create` asks the log for: every topic of the table and a dead-letter topic for each consumed one. `partitions` is of the
 * topics that have keys, `consumed` as Registry.topics: other inputs are left out.
 */
import {
  DEAD_LETTER_HEADROOM_BYTES,
  DEFAULT_MAX_MESSAGE_BYTES,
  KEEP_FOR_EVER,
  ROW_TOPICS,
  TOPICS,
  TOPIC_NAMES,
  consumedWith,
  deadLetterTopic,
  fullTopicName,
  type TopicName,
} from '../topics.js';
import type { TopicSettings } from './port.js';

export function topicSettings(
  prefix: string,
  partitions: number,
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  consumed: readonly TopicName[] = consumedWith([]),
): TopicSettings[] {
  return TOPIC_NAMES.flatMap((topic) => {
    const { role, cleanupPolicy, keyed, retentionMs } = TOPICS[topic];
    if (role === 'consumed' && !consumed.includes(topic)) return [];
    const name = fullTopicName(prefix, topic);
    const settings: TopicSettings = { name, partitions, retentionMs, cleanupPolicy, maxMessageBytes };
    if (keyed === 'never') return [{ ...settings, partitions: 1, ownPartitions: true }];
    if (role !== 'consumed') return [settings];
    return [
      settings,
      {
        name: deadLetterTopic(name),
        partitions,
        retentionMs: KEEP_FOR_EVER,
        cleanupPolicy: 'delete' as const,
        maxMessageBytes: maxMessageBytes + DEAD_LETTER_HEADROOM_BYTES,
      },
    ];
  });
}

/** How a topic that is missing comes into being; takes a full name, with whatever prefix. */
export function howToCreate(topic: string): string {
  return ROW_TOPICS.some((name) => topic.endsWith(name))
    ? 'It is folded with --features core,activity alone: give that option to `tipstream topics create` and to the service.'
    : 'Create it with `tipstream topics create`, or check --topic-prefix.';
}
