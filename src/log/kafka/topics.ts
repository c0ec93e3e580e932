/** Creating and describing topics. */
import kafkajs from 'kafkajs';
import { TipstreamError } from '../../errors.js';
import type { TopicDescription, TopicSettings } from '../port.js';
import { type Connection, partitionsOf } from './connection.js';
import { rootCause } from './failures.js';
import { DESCRIBED_WITHIN_MS, retrying } from './retry.js';

const BROKER_DEFAULT = -1;

/** Creates what is missing, with the broker's default replication; answers the names created. */
export function createTopics(connection: Connection, topics: readonly TopicSettings[]): Promise<readonly string[]> {
  return connection.attempt('create topics', async () => {
    const existing = await partitionCounts(
      connection,
      topics.map(({ name }) => name),
    );
    const missing = topics.filter(({ name }) => !existing.has(name));
    if (missing.length === 0) return [];
    const names = missing.map(({ name }) => name);
    try {
      const created = await connection.admin.createTopics({
        timeout: DESCRIBED_WITHIN_MS,
        waitForLeaders: false,
        topics: missing.map((topic) => ({
          topic: topic.name,
          numPartitions: topic.partitions,
          replicationFactor: BROKER_DEFAULT,
          configEntries: [
            { name: 'retention.ms', value: String(topic.retentionMs) },
            { name: 'cleanup.policy', value: topic.cleanupPolicy },
            { name: 'max.message.bytes', value: String(topic.maxMessageBytes) },
          ],
        })),
      });
      await untilKnown(connection, names);
      return created ? names : [];
    } catch (error) {
      const failures = (error as { errors?: readonly (Error & { topic?: string })[] }).errors ?? [];
      const failure = failures.find((each) => rootCause(each).type !== 'TOPIC_ALREADY_EXISTS');
      if (failure !== undefined || failures.length === 0) throw creationFailure(connection, failure ?? error, error);
      // Another process created some of them meanwhile.
      await untilKnown(connection, names);
      return names.filter((name) => failures.every(({ topic }) => topic !== name));
    }
  });
}

/**
 * The broker that is asked next may learn of a topic later than the one that made it. (kafkajs can wait for leaders; it takes "no such
 * topic" for an answer.)
 */
async function untilKnown(connection: Connection, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await retrying(() => partitionsOf(connection.reading, name, true), {
      withinMs: DESCRIBED_WITHIN_MS,
      mayRetry: (error) =>
        isNotFound(error) || ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE'].includes(rootCause(error).type ?? ''),
    });
  }
}

function creationFailure(connection: Connection, failure: unknown, cause: unknown): Error {
  const { topic } = failure as { topic?: string };
  const mapped = connection.failure(failure, topic === undefined ? 'create topics' : `create topic ${topic}`);
  if (!(mapped instanceof TipstreamError) || mapped.code !== 'log_failed' || topic === undefined) return mapped;
  const reason = rootCause(failure);
  return new TipstreamError('log_failed', `Topic ${topic} could not be created: ${reason.message}`, {
    hint: 'Check the settings, and that the user has the ACL Create on the cluster or the topic.',
    details: { topic, kafka_error: reason.type },
    cause,
  });
}

/** One entry for each name that exists; settings are null where configs may not be described. */
export function describeTopics(connection: Connection, names: readonly string[]): Promise<readonly TopicDescription[]> {
  return connection.attempt('describe topics', async () => {
    const counts = await partitionCounts(connection, names);
    const found = names.filter((name) => counts.has(name));
    if (found.length === 0) return [];
    const settings = await describeSettings(connection, found);
    return found.map((name) => {
      const of = settings.get(name);
      return {
        name,
        partitions: counts.get(name)!,
        retentionMs: numberOrNull(of?.get('retention.ms')),
        retentionBytes: numberOrNull(of?.get('retention.bytes')),
        cleanupPolicy: of?.get('cleanup.policy') ?? null,
        maxMessageBytes: numberOrNull(of?.get('max.message.bytes')),
      };
    });
  });
}

/**
 * Of the topics that exist. One by one: a question for several fails when one of them is missing, and one for all topics of the
 * cluster fails when a stranger's has no leader. Not by kafkajs' admin, which fails for a minute on a topic that it knew and that was
 * deleted since.
 */
async function partitionCounts(connection: Connection, names: readonly string[]): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const name of names) {
    try {
      counts.set(name, (await partitionsOf(connection.reading, name, true)).length);
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
  return counts;
}

function isNotFound(error: unknown): boolean {
  return error instanceof TipstreamError && error.code === 'topic_not_found';
}

async function describeSettings(connection: Connection, names: readonly string[]): Promise<Map<string, Map<string, string>>> {
  try {
    const { resources } = await connection.admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
    });
    return new Map(
      resources.map(({ resourceName, configEntries }) => [
        resourceName,
        new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
      ]),
    );
  } catch (error) {
    if (!rootCause(error).type?.endsWith('AUTHORIZATION_FAILED')) throw error;
    connection.log('debug', 'Topic settings may not be described', { topics: names });
    return new Map();
  }
}

function numberOrNull(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}
