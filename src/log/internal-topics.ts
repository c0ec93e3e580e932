/**
 * What Kafka Streams calls internal topics: tipstream alone writes them, so tipstream makes those that are missing, as after an upgrade
 * to a version that brings one. Topics that producers write are the operator's.
 */
import { TipstreamError } from '../errors.js';
import { consumedWith, fullTopicName, TOPICS, topicsWith, type TopicName } from '../topics.js';
import { countPartitions } from './checks/partition-count.js';
import type { Log, TopicSettings } from './port.js';
import { topicSettings } from './topic-settings.js';

export interface InternalTopicsOptions {
  readonly prefix: string;
  /** The inputs that are consumed, as Registry.topics; those of the set core unless given. */
  readonly consumed?: readonly TopicName[];
}

export interface CreatedTopics {
  readonly created: readonly { readonly topic: string; readonly partitions: number }[];
  /** Why one that nothing is folded from could not be made: whoever needs it finds out. */
  readonly refused: readonly TipstreamError[];
}

/**
 * Creates the internal topics that are missing, with the settings of `topics create` and as many partitions as the inputs have. Several
 * processes may do so at once. Throws topic_not_found where an input of the operator's is missing, partition_count_changed where they
 * differ, log_unavailable, and what the log has against a topic: nothing, or a part, is made then.
 */
export async function createInternalTopics(
  log: Log,
  { prefix, consumed = consumedWith([]) }: InternalTopicsOptions,
): Promise<CreatedTopics> {
  const inputs = consumed.filter((topic) => TOPICS[topic].writtenBy === 'producers').map((topic) => fullTopicName(prefix, topic));
  const partitions = await countPartitions(log, inputs);
  const internal = topicSettings(prefix, partitions, undefined, consumed).filter(({ name }) => !inputs.includes(name));
  const found = await log.describeTopics(internal.map(({ name }) => name));
  const missing = internal.filter(({ name }) => !found.some((topic) => topic.name === name));
  const published = topicsWith({ role: 'published' }).map((topic) => fullTopicName(prefix, topic));
  const [needed, others] = [false, true].map((isOther) => missing.filter(({ name }) => published.includes(name) === isOther));
  const created = await create(log, needed!);
  const refused: TipstreamError[] = [];
  for (const topic of others!) {
    try {
      created.push(...(await create(log, [topic])));
    } catch (error) {
      if (!(error instanceof TipstreamError) || error.code === 'log_unavailable') throw error;
      refused.push(error);
    }
  }
  const asMade = new Map(missing.map((topic) => [topic.name, topic.partitions]));
  return { created: created.map((topic) => ({ topic, partitions: asMade.get(topic)! })), refused };
}

async function create(log: Log, missing: readonly TopicSettings[]): Promise<string[]> {
  if (missing.length === 0) return [];
  try {
    return [...(await log.createTopics(missing))];
  } catch (error) {
    if (!(error instanceof TipstreamError) || error.code === 'log_unavailable') throw error;
    const names = missing.map(({ name }) => name);
    throw new TipstreamError(error.code, `topics that tipstream writes are missing and could not be created: ${error.message}`, {
      hint:
        'Let an operator run `tipstream topics create`, or give the user the ACL Create on the cluster or on these topics: ' +
        `${names.join(', ')}.`,
      details: { missing: names, ...error.details },
      cause: error,
    });
  }
}
