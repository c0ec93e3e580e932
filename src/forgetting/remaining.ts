/** What Kafka still holds of a forgotten user, topic by topic, and what makes it go. */
import type { TopicDescription } from '../log/port.js';
import type { FoundRecords } from './records.js';
import type { Receipt } from './receipt.js';

type RemainingRecords = Receipt['remains']['records'][number];

export function remainingRecords(found: readonly FoundRecords[], topics: readonly TopicDescription[]): RemainingRecords[] {
  const described = new Map(topics.map((topic) => [topic.name, topic]));
  return found.map((records) => remainingIn(records, described.get(records.topic)));
}

function remainingIn(found: FoundRecords, topic: TopicDescription | undefined): RemainingRecords {
  const { offsets, newestMs, partition } = found;
  const retentionMs = topic?.retentionMs ?? null;
  const policy = topic?.cleanupPolicy ?? null;
  const last = offsets.at(-1)!;
  return {
    topic: found.topic,
    partition,
    records: offsets.length,
    first_offset: offsets[0]!,
    last_offset: last,
    newest_at_ms: newestMs,
    cleanup_policy: policy,
    retention_ms: retentionMs,
    gone_after_ms: policy !== null && policy.includes('delete') && retentionMs !== null && retentionMs >= 0 ? newestMs + retentionMs : null,
    how_to_remove: howToRemove(found, policy, retentionMs),
  };
}

function howToRemove(
  { topic, partition, offsets, endsWithTombstone }: FoundRecords,
  policy: string | null,
  retentionMs: number | null,
): string {
  const last = offsets.at(-1)!;
  const byHand =
    `kafka-delete-records with {"partitions": [{"topic": "${topic}", "partition": ${partition}, "offset": ${last + 1}}], "version": 1} ` +
    'deletes them, and everything of others below that offset';
  if (policy === null) return `The settings of the topic could not be read. ${byHand}.`;
  if (policy.includes('compact')) {
    const compaction = endsWithTombstone
      ? 'The newest is a tombstone: compaction removes the others when the cleaner next passes their segments, ' +
        'and the tombstone after delete.retention.ms.'
      : 'The newest is no tombstone yet: compaction keeps it until one is written.';
    return policy.includes('delete') ? `${compaction} Retention removes segments by retention.ms as well.` : compaction;
  }
  if (retentionMs === null) return `retention.ms could not be read. ${byHand}.`;
  if (retentionMs < 0) return `retention.ms is -1: they are kept for ever. ${byHand}; or write the topic again without them.`;
  return (
    'Retention removes a segment when its newest record is older than retention.ms: not before the time that is given, ' +
    'and later where the segment has newer records.'
  );
}
