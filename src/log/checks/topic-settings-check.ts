/** Whether the topics that exist are what tipstream needs. Pure: takes what is wanted and what was found. */
import { DEAD_LETTER_HEADROOM_BYTES, DEAD_LETTER_SUFFIX, MIN_INPUT_RETENTION_MS } from '../../topics.js';
import type { TopicDescription, TopicSettings } from '../port.js';

export type TopicProblemCode = 'missing' | 'partition_count' | 'retention' | 'retention_bytes' | 'cleanup_policy' | 'max_message_bytes';

export interface TopicProblem {
  readonly topic: string;
  readonly problem: TopicProblemCode;
  readonly expected: string;
  readonly found: string;
}

/**
 * Partition counts must equal each other rather than a configured number, because the one that exists counts: the number that most of
 * the topics have is taken as right, unless `partitions` insists on one. A topic with a number of its own must have that one. Settings that
 * could not be read (null) are not held against a topic.
 */
export function checkTopics(wanted: readonly TopicSettings[], found: readonly TopicDescription[], partitions?: number): TopicProblem[] {
  const byName = new Map(found.map((topic) => [topic.name, topic]));
  const shared = wanted.filter(({ ownPartitions }) => ownPartitions !== true);
  const counts = shared.flatMap(({ name }) => byName.get(name)?.partitions ?? []);
  const sharedPartitions = partitions ?? mostCommon(counts) ?? shared[0]?.partitions ?? 0;
  return wanted.flatMap((settings) => {
    const topic = byName.get(settings.name);
    if (topic === undefined) return [{ topic: settings.name, problem: 'missing' as const, expected: 'a topic', found: 'none' }];
    return [
      partitionProblem(settings, topic, sharedPartitions),
      ...keepingProblems(settings, topic),
      sizeProblem(settings, topic, byName),
    ].filter((problem) => problem !== undefined);
  });
}

/** How a topic's records go away before they may. */
export function keepingProblems(settings: TopicSettings, topic: TopicDescription): TopicProblem[] {
  return [retentionProblem(settings, topic), retentionBytesProblem(settings, topic), cleanupProblem(settings, topic)].filter(
    (problem) => problem !== undefined,
  );
}

function mostCommon(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0]?.[0];
}

function partitionProblem(settings: TopicSettings, topic: TopicDescription, shared: number): TopicProblem | undefined {
  const { ownPartitions = false, partitions: own } = settings;
  if (topic.partitions === (ownPartitions ? own : shared)) return undefined;
  return {
    topic: topic.name,
    problem: 'partition_count',
    expected: ownPartitions ? `${own} partition` : `${shared} partitions, as the other topics`,
    found: `${topic.partitions}`,
  };
}

function retentionProblem(settings: TopicSettings, topic: TopicDescription): TopicProblem | undefined {
  if (!deletes(settings, topic) || topic.retentionMs === null || topic.retentionMs < 0 || topic.retentionMs >= MIN_INPUT_RETENTION_MS)
    return undefined;
  return {
    topic: topic.name,
    problem: 'retention',
    expected: `retention.ms -1 or at least ${MIN_INPUT_RETENTION_MS} (31 days)`,
    found: `${topic.retentionMs}`,
  };
}

/** A limit of size keeps a quiet topic for ever and a busy one for an hour. */
function retentionBytesProblem(settings: TopicSettings, topic: TopicDescription): TopicProblem | undefined {
  const { retentionBytes } = topic;
  if (!deletes(settings, topic) || retentionBytes === undefined || retentionBytes === null || retentionBytes < 0) return undefined;
  return { topic: topic.name, problem: 'retention_bytes', expected: 'retention.bytes -1 (no limit)', found: `${retentionBytes}` };
}

/**
 * Whether retention applies to a topic of which no record may go: Kafka deletes by age and by size only where the cleanup policy says
 * delete.
 */
function deletes(settings: TopicSettings, topic: TopicDescription): boolean {
  return settings.cleanupPolicy !== 'compact' && (topic.cleanupPolicy === null || policiesOf(topic.cleanupPolicy).includes('delete'));
}

function policiesOf(cleanupPolicy: string): string[] {
  return cleanupPolicy.split(',').map((policy) => policy.trim());
}

function cleanupProblem(settings: TopicSettings, topic: TopicDescription): TopicProblem | undefined {
  if (topic.cleanupPolicy === null) return undefined;
  const policies = policiesOf(topic.cleanupPolicy);
  // A compacted input loses all but the last event of a user; a published profile may be compacted and deleted.
  const right = settings.cleanupPolicy === 'compact' ? policies.includes('compact') : !policies.includes('compact');
  return right ? undefined : { topic: topic.name, problem: 'cleanup_policy', expected: settings.cleanupPolicy, found: topic.cleanupPolicy };
}

/** A dead letter is larger than its input, so its topic must take as much more as was planned for. */
function sizeProblem(
  settings: TopicSettings,
  topic: TopicDescription,
  byName: ReadonlyMap<string, TopicDescription>,
): TopicProblem | undefined {
  if (!topic.name.endsWith(DEAD_LETTER_SUFFIX) || topic.maxMessageBytes === null) return undefined;
  const input = byName.get(topic.name.slice(0, -DEAD_LETTER_SUFFIX.length))?.maxMessageBytes;
  const expected = input == null ? settings.maxMessageBytes : input + DEAD_LETTER_HEADROOM_BYTES;
  if (topic.maxMessageBytes >= expected) return undefined;
  return {
    topic: topic.name,
    problem: 'max_message_bytes',
    expected: `max.message.bytes of at least ${expected}`,
    found: `${topic.maxMessageBytes}`,
  };
}
