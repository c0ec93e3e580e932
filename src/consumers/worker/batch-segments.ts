/** What a batch consists of, topic by topic. */
import { recordHash } from '../../log/record-hash.js';
import type { AppliedRecord } from '../../log/record-hash.js';
import type { Segment } from './merge-queue.js';

/** Records of each topic. */
export function countByTopic(segments: readonly Segment[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { topic, from, to } of segments) counts.set(topic, (counts.get(topic) ?? 0) + to - from);
  return counts;
}

/** Timestamp of each topic's last record of a batch, Unix ms. */
export function lastTimestamps(segments: readonly Segment[]): Map<string, number> {
  const last = new Map<string, number>();
  for (const { topic, run, from, to } of segments) if (to > from) last.set(topic, run.timestampAt(to - 1));
  return last;
}

/** What each topic's last record of a batch contains. */
export function lastByTopic(segments: readonly Segment[]): Map<string, AppliedRecord> {
  const last = new Map<string, Segment>();
  for (const segment of segments) if (segment.to > segment.from) last.set(segment.topic, segment);
  return new Map(
    [...last].map(([topic, { run, to }]) => [topic, { offset: run.offsetAt(to - 1), hash: recordHash(run.recordAt(to - 1)) }]),
  );
}
