/** The typed producer for programs that use tipstream as a library. */
import { TipstreamError } from '../errors.js';
import { kindOf, requireFields, suggestion } from '../given.js';
import type { Log, NewRecord, RecordHeaders } from '../log/port.js';
import type { PartitionerName } from '../log/partitioner.js';
import { CLOSED_TOPICS, fullTopicName, MAX_TIME_MS, TOPIC_NAMES, TOPICS, type ProducedTopic } from '../topics.js';
import { DEFAULT_MAX_VALUE_BYTES, encodeEvent } from './encode.js';
import { eventText } from './event-text.js';
import type { SendOptions, TipProducer } from './outgoing-event.js';
import { PartitionCounts } from './partition-counts.js';
import { place } from './placement.js';

export interface ProducerOptions {
  /** Put before every topic name; '' unless given. */
  readonly prefix?: string;
  /** What the consumers check; murmur2 unless given. */
  readonly partitioner?: PartitionerName;
  readonly maxValueBytes?: number;
}

export type { EventInput, OutgoingEvent, SendOptions, TipProducer } from './outgoing-event.js';

/** The log stays the caller's: close it yourself. */
export function createProducer(log: Log, options: ProducerOptions = {}): TipProducer {
  const { prefix = '', partitioner = 'murmur2', maxValueBytes = DEFAULT_MAX_VALUE_BYTES } = options;
  const counts = new PartitionCounts(log);

  const recordsOf = (topic: ProducedTopic, event: unknown, options: SendOptions): Promise<NewRecord[]> => {
    checkTopic(topic);
    const timestampMs = checkTime(options.timestampMs);
    const headers = checkHeaders(options.headers ?? []);
    const json = eventText(event);
    const encoded = json.ok ? encodeEvent(topic, json.text, undefined, headers, maxValueBytes) : json;
    if (encoded.ok) return place(encoded, { topic: fullTopicName(prefix, topic), headers, timestampMs }, partitioner, counts);
    const { stage, code, message } = encoded.rejection;
    throw new TipstreamError('invalid_event', `${topic}: ${message}`, { details: { topic, stage, reason: code } });
  };

  return {
    async send(topic, event, sendOptions = {}) {
      requireFields('the options of send', sendOptions, SEND_OPTIONS);
      return log.append(await recordsOf(topic, event, sendOptions));
    },
    async sendAll(events) {
      if (!Array.isArray(events)) throw new TipstreamError('invalid_argument', `sendAll takes an array of events, not ${kindOf(events)}`);
      for (const entry of events) requireFields('an entry of sendAll', entry, ['topic', 'event', ...SEND_OPTIONS]);
      const records: NewRecord[] = [];
      for (const { topic, event, ...sendOptions } of events) records.push(...(await recordsOf(topic, event, sendOptions)));
      return log.append(records);
    },
  };
}

const PRODUCED = TOPIC_NAMES.filter((name) => !CLOSED_TOPICS.some((closed) => closed === name));
const SEND_OPTIONS: readonly (keyof SendOptions)[] = ['timestampMs', 'headers'];

function checkTopic(topic: unknown): void {
  if (typeof topic === 'string' && Object.hasOwn(TOPICS, topic)) {
    if (!CLOSED_TOPICS.some((closed) => closed === topic)) return;
    throw new TipstreamError('forbidden', `only tipstream itself writes to ${topic}`, { details: { topic } });
  }
  const shown = typeof topic === 'string' ? JSON.stringify(topic) : kindOf(topic);
  throw new TipstreamError('topic_not_found', `there is no topic ${shown}`, {
    hint: suggestion(String(topic), PRODUCED),
    details: { topic: String(topic) },
  });
}

function checkTime(timestampMs: number | undefined): number | undefined {
  if (timestampMs === undefined || (Number.isSafeInteger(timestampMs) && timestampMs >= 0 && timestampMs <= MAX_TIME_MS))
    return timestampMs;
  throw new TipstreamError('invalid_argument', 'timestampMs must be whole Unix milliseconds, from 1970 to 9999', {
    details: { timestampMs: String(timestampMs) },
  });
}

function checkHeaders(headers: unknown): RecordHeaders {
  const wrong = () =>
    new TipstreamError('invalid_argument', 'headers must be an array of [name, value] with a Uint8Array or null as value');
  if (!Array.isArray(headers)) throw wrong();
  return headers.map((pair: unknown): RecordHeaders[number] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw wrong();
    const [name, value] = pair as readonly unknown[];
    if (typeof name !== 'string' || (value !== null && !(value instanceof Uint8Array))) throw wrong();
    return [name, value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.byteLength)];
  });
}
