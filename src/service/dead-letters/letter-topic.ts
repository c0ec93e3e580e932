import { TipstreamError } from '../../errors.js';
import { CONSUMED_TOPICS, deadLetterTopic, inputOfDeadLetterTopic, type ConsumedTopic } from '../../topics.js';

/** The dead-letter topic of that name, with or without the prefix, and whose it is. Throws topic_not_found. */
export function letterTopic(prefix: string, given: string): { readonly topic: string; readonly input: ConsumedTopic } {
  for (const topic of [given, prefix + given]) {
    const input = inputOfDeadLetterTopic(prefix, topic);
    if (input !== undefined) return { topic, input };
  }
  throw new TipstreamError('topic_not_found', `${JSON.stringify(given)} is no topic of dead letters`, {
    hint: `Give one of ${CONSUMED_TOPICS.map(deadLetterTopic).join(', ')}.`,
    details: { topic: given },
  });
}
