/** Whose state a command reads, and what it says of an answer about a part of it. */
import { registryOf, type Registry } from '../projections/registry.js';
import type { Config } from '../config.js';
import type { Log } from '../log/port.js';
import type { Acceptance } from '../store/tables/acceptance.js';
import type { StateSource } from '../store/directory/state-files.js';
import { fullTopicName } from '../topics.js';
import type { Output } from './output/output.js';

/** As the options say; with the log, its topics have a word too. */
export function stateSource(config: Config): StateSource {
  return {
    dataDirectory: config.data,
    log: config.log,
    topicPrefix: config.topicPrefix,
    partitions: config.given.has('partitions') ? config.partitions : undefined,
  };
}

/** The options by which records are accepted. */
export function acceptanceOf({ partitioner, maxValueBytes, schemaRegistry }: Config): Acceptance {
  return { partitioner, maxValueBytes, schemaRegistry: schemaRegistry != null };
}

/** With the number of partitions that the topics have; topics that are not there yet say nothing. */
export async function stateSourceOf(config: Config, log: Log): Promise<StateSource> {
  const [served] = await log.describeTopics([fullTopicName(config.topicPrefix, 'tip.served')]);
  return { ...stateSource(config), topicPartitions: served?.partitions };
}

/** On stderr, where an answer lacks partitions that other members of the group hold. */
export function noteMissing(output: Output, missing: readonly number[]): void {
  if (missing.length > 0)
    output.note(`partitions_missing: ${JSON.stringify(missing)}: what they hold is not in this answer; other members of the group have it`);
}

/** The features that --features names. */
export function registryFor({ features }: Pick<Config, 'features'>): Registry {
  return registryOf({ sets: features });
}
