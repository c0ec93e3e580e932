/** One record that somebody asks for by its address, with what lies beside it. */
import { TipstreamError } from '../errors.js';
import type { Log, LogRecord, RecordAddress } from '../log/port.js';
import { recordAt } from '../log/record-at.js';
import { CONSUMED_TOPICS, deadLetterTopic, fullTopicName, inputOfDeadLetterTopic, TOPIC_NAMES, topicNamed } from '../topics.js';

export interface FoundRecord {
  readonly record: LogRecord;
  readonly previousOffset: number | null;
  readonly nextOffset: number | null;
}

/**
 * Throws topic_not_found for a topic or partition that there is not and for one that is not tipstream's, offset_out_of_range, and
 * not_found for an offset within the log that holds no record.
 */
export async function readRecord(
  log: Pick<Log, 'read' | 'offsets'>,
  topicPrefix: string,
  address: RecordAddress,
  signal?: AbortSignal,
): Promise<FoundRecord> {
  const { topic, partition, offset } = address;
  // The log may hold topics of others, which are nobody's here to read.
  if (topicNamed(topicPrefix, topic) === undefined && inputOfDeadLetterTopic(topicPrefix, topic) === undefined)
    throw new TipstreamError('topic_not_found', `${topic} is not a topic of this service`, {
      hint: `Name one of ${topicsOf(topicPrefix).join(', ')}.`,
      details: { topic },
    });
  const ranges = await log.offsets(topic);
  const range = ranges.get(partition);
  if (range === undefined)
    throw new TipstreamError('topic_not_found', `${topic} has no partition ${partition}`, {
      hint: `Name one of its partitions, 0 to ${ranges.size - 1}.`,
      details: { topic, partition, partitions: ranges.size },
    });
  const { low, end } = range;
  if (offset < low || offset >= end)
    throw new TipstreamError('offset_out_of_range', `${topic} partition ${partition} has no record at offset ${offset}`, {
      hint:
        low === end
          ? 'The partition holds no record.'
          : `It holds the offsets ${low} to ${end - 1}${offset < low ? '; what came before is deleted' : ''}.`,
      details: { topic, partition, offset, low, end },
    });
  // A dead letter is shown as it lies.
  const isLetter = topicNamed(topicPrefix, topic) === undefined;
  const record = await recordAt(log, address, signal, isLetter ? { raw: true } : {});
  signal?.throwIfAborted();
  if (record === undefined)
    throw new TipstreamError('not_found', `${topic} partition ${partition} holds no record at offset ${offset}`, {
      hint: 'It holds records around it. There is the marker of a transaction at the offset, or the record was compacted away.',
      details: { topic, partition, offset, low, end },
    });
  return { record, previousOffset: offset > low ? offset - 1 : null, nextOffset: offset + 1 < end ? offset + 1 : null };
}

function topicsOf(prefix: string): string[] {
  const full = TOPIC_NAMES.map((name) => fullTopicName(prefix, name));
  return [...full, ...CONSUMED_TOPICS.map((name) => deadLetterTopic(fullTopicName(prefix, name)))];
}
