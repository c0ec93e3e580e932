/** Says at start which inputs a rebuild could not rely on, and which topics hold events that nothing folds, a line each. */
import type { Logger } from 'pino';
import type { Log } from '../port.js';
import type { ConsumedTopic } from '../../topics.js';
import { inputWarnings, unreadableInputs, type InputWarning } from './retention.js';
import { unfoldedTopics } from './unfolded.js';

/** `topics` are full names. A log that does not answer is no reason to stop: it is said, and nothing is found. */
export async function reportInputs(log: Log, prefix: string, topics: readonly string[], logger: Logger): Promise<readonly InputWarning[]> {
  // The embedded log deletes nothing by itself, whatever its topics say.
  if (log.kind === 'sqlite') return [];
  try {
    const found = await log.describeTopics(topics);
    const unreadable = unreadableInputs(prefix, found);
    if (unreadable.length > 0)
      logger.info(
        { topics: unreadable, hint: 'Grant DescribeConfigs on the topics, or look at them with kafka-configs.' },
        'how long inputs are kept could not be read, so nothing is known of what a rebuild would miss',
      );
    const warnings = inputWarnings(prefix, found);
    for (const { topic, message, hint, rebuild } of warnings) logger[rebuild ? 'warn' : 'info']({ topic, hint }, message);
    return warnings;
  } catch (error) {
    logger.info({ err: error }, 'could not ask the log how long inputs are kept');
    return [];
  }
}

/** `featuresFor`: the value of --features that a topic needs. */
export async function reportUnfolded(
  log: Log,
  prefix: string,
  folded: readonly ConsumedTopic[],
  featuresFor: (topic: ConsumedTopic) => string,
  logger: Logger,
): Promise<void> {
  try {
    for (const { name, topic, records } of await unfoldedTopics(log, prefix, folded)) {
      const features = featuresFor(name);
      const hint = `To fold them, stop the service, run \`tipstream rebuild --features ${features}\` and start it with the same option.`;
      logger.warn({ topic, records, hint }, `${topic} holds events that this service does not fold`);
    }
  } catch (error) {
    logger.info({ err: error }, 'could not ask the log for events that nothing folds');
  }
}
