/** The typed producer for programs that use tipstream as a library. */
import type { z } from 'zod';
import { TipstreamError } from '../errors.js';
import type { Log, NewRecord, RecordAddress, RecordHeaders } from '../log/port.js';
import type { PartitionerName } from '../log/partitioner.js';
import { fullTopicName, type TOPICS, type TopicName } from '../topics.js';
import { DEFAULT_MAX_VALUE_BYTES, encodeEvent } from './encode.js';
import { eventText } from './event-text.js';
import { PartitionCounts } from './partition-counts.js';
import { place } from './placement.js';

export interface ProducerOptions {
  /** Put before every topic name; '' unless given. */
  readonly prefix?: string;
  /** What the consumers check; murmur2 unless given. */
  readonly partitioner?: PartitionerName;
  readonly maxValueBytes?: number;
}

export type EventInput<Topic extends TopicName> = z.input<(typeof TOPICS)[Topic]['schema']>;

export interface SendOptions {
  /** Unix ms of the record; the log's clock unless given. */
  readonly timestampMs?: number;
  readonly headers?: RecordHeaders;
}

export type OutgoingEvent = {
  [Topic in TopicName]: { readonly topic: Topic; readonly event: EventInput<Topic> | Uint8Array } & SendOptions;
}[TopicName];

export interface TipProducer {
  /**
   * Resolves when the event is durable, with its address: one, or one per partition for a policy.control event without a user_id.
   * An event given as bytes, JSON in UTF-8, is written byte for byte after the same check.
   * Throws invalid_event (details: topic, stage, reason) before anything is written, topic_not_found, and what the log throws.
   */
  send<Topic extends TopicName>(
    topic: Topic,
    event: EventInput<Topic> | Uint8Array,
    options?: SendOptions,
  ): Promise<readonly RecordAddress[]>;
  /** All or, when one of them is not valid, none; in the order given within each partition. */
  sendAll(events: readonly OutgoingEvent[]): Promise<readonly RecordAddress[]>;
}

/** The log stays the caller's: close it yourself. */
export function createProducer(log: Log, options: ProducerOptions = {}): TipProducer {
  const { prefix = '', partitioner = 'murmur2', maxValueBytes = DEFAULT_MAX_VALUE_BYTES } = options;
  const counts = new PartitionCounts(log);

  const recordsOf = (topic: TopicName, event: unknown, { timestampMs, headers = [] }: SendOptions): Promise<NewRecord[]> => {
    const json = eventText(event);
    const encoded = json.ok ? encodeEvent(topic, json.text, undefined, headers, maxValueBytes) : json;
    if (encoded.ok) return place(encoded, { topic: fullTopicName(prefix, topic), headers, timestampMs }, partitioner, counts);
    const { stage, code, message } = encoded.rejection;
    throw new TipstreamError('invalid_event', `${topic}: ${message}`, { details: { topic, stage, reason: code } });
  };

  return {
    async send(topic, event, sendOptions = {}) {
      return log.append(await recordsOf(topic, event, sendOptions));
    },
    async sendAll(events) {
      const records: NewRecord[] = [];
      for (const { topic, event, ...sendOptions } of events) records.push(...(await recordsOf(topic, event, sendOptions)));
      return log.append(records);
    },
  };
}
