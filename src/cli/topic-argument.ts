import { CONSUMED_TOPICS, DEAD_LETTER_SUFFIX, TOPICS, topicNamed, type TopicName } from '../topics.js';
import { TipstreamError } from '../errors.js';

/**
 * The full name behind a topic as people type it: with or without the prefix, dead-letter topics too. A name that is in no table is
 * taken as it is.
 */
export function fullNameOf(prefix: string, given: string): string {
  const base = given.endsWith(DEAD_LETTER_SUFFIX) ? given.slice(0, -DEAD_LETTER_SUFFIX.length) : given;
  return topicNamed(prefix, base) === undefined && Object.hasOwn(TOPICS, base) ? prefix + given : given;
}

/** The topic of the table; throws topic_not_found for another. */
export function knownTopic(prefix: string, given: string, from: readonly TopicName[] = Object.keys(TOPICS) as TopicName[]): TopicName {
  const name = topicNamed(prefix, fullNameOf(prefix, given));
  if (name !== undefined && from.includes(name)) return name;
  throw new TipstreamError('topic_not_found', `there is no topic ${JSON.stringify(given)}`, { hint: `Give one of ${from.join(', ')}.` });
}

/** The input behind its own name or that of its dead-letter topic. */
export function inputTopic(prefix: string, given: string): TopicName {
  return knownTopic(prefix, given.endsWith(DEAD_LETTER_SUFFIX) ? given.slice(0, -DEAD_LETTER_SUFFIX.length) : given, CONSUMED_TOPICS);
}
