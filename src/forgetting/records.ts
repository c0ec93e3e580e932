/** The records of a user that lie in the log, in all of tipstream's topics and all partitions: each is read. */
import type { Log, OffsetRange, TopicDescription } from '../log/port.js';
import {
  CONSUMED_TOPICS,
  deadLetterTopic,
  FORGOTTEN_TOPIC,
  fullTopicName,
  inputOfDeadLetterTopic,
  TOPIC_NAMES,
  topicNamed,
  TOPICS,
} from '../topics.js';
import { isAbout, type Whom } from './about.js';

export interface RecordSearch {
  readonly log: Pick<Log, 'describeTopics' | 'offsets' | 'read'>;
  readonly topicPrefix: string;
  readonly whom: Whom;
  /** Of a partition, the first offset that is not looked at; its end unless this answers one. */
  readonly to?: (topic: string, partition: number) => number | undefined;
  /** Of a partition, where to begin; its low end unless this answers one. */
  readonly from?: (topic: string, partition: number) => number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Offsets passed since it was called last, of how many in all. */
  readonly onProgress?: ((passed: number, total: number) => void) | undefined;
}

export interface FoundRecords {
  readonly topic: string;
  readonly partition: number;
  /** Ascending; at least one. */
  readonly offsets: readonly number[];
  /** Unix ms */
  readonly oldestMs: number;
  readonly newestMs: number;
  /** Whether the newest of them is a tombstone. */
  readonly endsWithTombstone: boolean;
}

export interface Searched {
  readonly found: readonly FoundRecords[];
  /** topic -> partition -> the offset up to which it was searched */
  readonly ends: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly topics: readonly TopicDescription[];
}

/** Every topic that could hold a user, with its prefix. user.forgotten holds digests alone. */
export function searchedTopics(topicPrefix: string): string[] {
  const own = TOPIC_NAMES.filter((name) => name !== FORGOTTEN_TOPIC).map((name) => fullTopicName(topicPrefix, name));
  return [...own, ...CONSUMED_TOPICS.map((name) => deadLetterTopic(fullTopicName(topicPrefix, name)))];
}

/** Throws what reading throws, and the signal's reason. */
export async function recordsOf(search: RecordSearch): Promise<Searched> {
  const { log, topicPrefix, onProgress } = search;
  const topics = await log.describeTopics(searchedTopics(topicPrefix));
  const ranges = new Map(await Promise.all(topics.map(async ({ name }) => [name, await log.offsets(name)] as const)));
  const parts = [...ranges].flatMap(([topic, partitions]) =>
    [...partitions].map(([partition, range]) => ({ topic, partition, ...bounds(search, topic, partition, range) })),
  );
  const total = parts.reduce((sum, { from, to }) => sum + to - from, 0);
  const found: FoundRecords[] = [];
  for (const part of parts) {
    const here = await recordsIn(search, part);
    if (here !== undefined) found.push(here);
    onProgress?.(part.to - part.from, total);
  }
  const ends = new Map<string, Map<number, number>>();
  for (const { topic, partition, to } of parts) ends.set(topic, (ends.get(topic) ?? new Map<number, number>()).set(partition, to));
  return { found, ends, topics };
}

export function counted(found: readonly FoundRecords[]): { topic: string; partition: number; records: number }[] {
  return found.map(({ topic, partition, offsets }) => ({ topic, partition, records: offsets.length }));
}

type Part = { readonly topic: string; readonly partition: number; readonly from: number; readonly to: number };

function bounds({ from, to }: RecordSearch, topic: string, partition: number, { low, end }: OffsetRange): { from: number; to: number } {
  const until = Math.min(end, to?.(topic, partition) ?? end);
  return { from: Math.min(until, Math.max(low, from?.(topic, partition) ?? low)), to: until };
}

/** A dead letter is about whom its source is about: one without the other would be missing. */
function needsUser(topicPrefix: string, topic: string): boolean {
  const name = topicNamed(topicPrefix, topic) ?? inputOfDeadLetterTopic(topicPrefix, topic);
  return name !== undefined && TOPICS[name].keyed === 'always';
}

async function recordsIn({ log, topicPrefix, whom, signal }: RecordSearch, range: Part): Promise<FoundRecords | undefined> {
  if (range.from >= range.to) return undefined;
  const isOfAUser = needsUser(topicPrefix, range.topic);
  const offsets: number[] = [];
  let [oldestMs, newestMs, endsWithTombstone] = [Infinity, -Infinity, false];
  for await (const records of log.read({ ...range, ...(signal === undefined ? {} : { signal }) })) {
    for (const record of records) {
      if (!isAbout(whom, record, isOfAUser)) continue;
      offsets.push(record.offset);
      oldestMs = Math.min(oldestMs, record.timestampMs);
      newestMs = Math.max(newestMs, record.timestampMs);
      endsWithTombstone = record.value === null;
    }
    signal?.throwIfAborted();
  }
  const { topic, partition } = range;
  return offsets.length === 0 ? undefined : { topic, partition, offsets, oldestMs, newestMs, endsWithTombstone };
}
