/** The topics that the profiles of a registry are folded from. */
import type { Registry } from '../projections/registry.js';
import { fullTopicName, TIP_TOPICS } from '../topics.js';

/** Full names, those of tips first. */
export function profileTopics({ kinds }: Registry, topicPrefix: string): string[] {
  const names = new Set<string>([...TIP_TOPICS, ...kinds.flatMap(({ kind }) => kind.topics)]);
  return [...names].map((name) => fullTopicName(topicPrefix, name as (typeof TIP_TOPICS)[number]));
}
