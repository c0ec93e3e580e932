/** On Kafka, the topics that tipstream alone writes are created where they are missing; --no-create-topics leaves them to the operator. */
import type { Config } from '../config.js';
import { createInternalTopics, type CreatedTopics } from '../log/internal-topics.js';
import type { Log } from '../log/port.js';
import { registryFor } from './state-source.js';

/** On the embedded log, nothing: producers and the service create all topics there. Throws what createInternalTopics throws. */
export async function createMissingTopics(log: Log, config: Config): Promise<CreatedTopics> {
  if (log.kind !== 'kafka' || !config.createTopics) return { created: [], refused: [] };
  return createInternalTopics(log, { prefix: config.topicPrefix, consumed: registryFor(config).topics });
}
