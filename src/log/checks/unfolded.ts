/** Topics that hold events of which nothing is folded: their features are in a set that --features does not name here. */
import { type ConsumedTopic, fullTopicName, ROW_TOPICS } from '../../topics.js';
import type { Log } from '../port.js';

export interface UnfoldedTopic {
  readonly name: ConsumedTopic;
  /** With the prefix. */
  readonly topic: string;
  /** Records that it holds now, of all partitions. */
  readonly records: number;
}

/** `folded`: the topics that are. Throws log_unavailable. */
export async function unfoldedTopics(
  log: Pick<Log, 'describeTopics' | 'offsets'>,
  prefix: string,
  folded: readonly ConsumedTopic[],
): Promise<UnfoldedTopic[]> {
  const others = ROW_TOPICS.filter((name) => !folded.includes(name)).map((name) => ({ name, topic: fullTopicName(prefix, name) }));
  if (others.length === 0) return [];
  const there = new Set((await log.describeTopics(others.map(({ topic }) => topic))).map(({ name }) => name));
  const counted = await Promise.all(
    others
      .filter(({ topic }) => there.has(topic))
      .map(async (one) => {
        const ranges = [...(await log.offsets(one.topic)).values()];
        return { ...one, records: ranges.reduce((sum, { low, end }) => sum + end - low, 0) };
      }),
  );
  return counted.filter(({ records }) => records > 0);
}
