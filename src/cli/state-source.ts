/** Whose state a command reads, and what it says of an answer about a part of it. */
import { registryOf, type Registry } from '../projections/registry.js';
import type { Config } from '../config.js';
import type { FeatureChoice } from '../events/feature-choice.js';
import { withDefinitions } from '../definitions/choice.js';
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

const read = new WeakMap<FeatureChoice, FeatureChoice>();

/** What --features names, its files read: once in the life of a command, so that all of it goes by the same definitions. */
export function featuresOf({ features }: Pick<Config, 'features'>): FeatureChoice {
  let choice = read.get(features);
  if (choice === undefined) {
    choice = withDefinitions(features);
    read.set(features, choice).set(choice, choice);
  }
  return choice;
}

/** The features that --features names. Throws invalid_argument for a file of features that is none. */
export function registryFor(config: Pick<Config, 'features'>): Registry {
  return registryOf(featuresOf(config));
}
