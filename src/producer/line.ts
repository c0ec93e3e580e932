/**
 * One line of NDJSON for `produce`: {topic, value, key?, headers?, timestamp_ms?}, null being absent, checked as the consumer will
 * check it.
 */
import { isUtf8 } from 'node:buffer';
import { jsonProblem } from '../events/json-problem.js';
import type { Rejected, RejectionCode } from '../events/rejection.js';
import type { RecordHeaders } from '../log/port.js';
import {
  CLOSED_TOPICS,
  MAX_TIME_MS,
  TOPICS,
  TOPIC_NAMES,
  fullTopicName,
  topicNamed,
  type ProducedTopic,
  type TopicName,
} from '../topics.js';
import { encodeEvent, type EncodedEvent } from './encode.js';
import { memberText } from '../events/json-members.js';
import { headersFromJson, rawHeadersFromJson } from './json-form.js';
import { MAX_LINE_BYTES } from './line-reader.js';
import type { Placement } from './placement.js';

/** not_json, not_object, not_utf8 and value_too_large can mean the line itself too. */
export type LineErrorCode = RejectionCode | 'invalid_line' | 'unknown_topic' | 'forbidden';

export interface LineError {
  readonly ok: false;
  readonly code: LineErrorCode;
  readonly message: string;
}

export interface ParsedLine {
  readonly ok: true;
  readonly event: EncodedEvent;
  readonly placement: Placement;
}

export const lineError = (code: LineErrorCode, message: string): LineError => ({ ok: false, code, message });

export interface LineObject {
  readonly ok: true;
  readonly fields: Readonly<Record<string, unknown>>;
  /** What the fields were parsed from. */
  readonly text: string;
}

/** The line's object; undefined for a blank line. */
export function parseLineObject(line: string | Buffer, maxLineBytes = MAX_LINE_BYTES): LineObject | LineError | undefined {
  const bytes = typeof line === 'string' ? Buffer.byteLength(line) : line.length;
  if (bytes > maxLineBytes) return lineError('value_too_large', `the line is longer than ${maxLineBytes} bytes`);
  if (typeof line !== 'string' && !isUtf8(line)) return lineError('not_utf8', 'the line is not well-formed UTF-8');
  const text = line.toString().trim();
  if (text === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return lineError('not_json', `the line is not JSON: ${jsonProblem(error)}`);
  }
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ok: true, fields: json as Record<string, unknown>, text };
  return lineError('not_object', 'expected an object {"topic": ..., "value": ...}');
}

interface Metadata {
  readonly ok: true;
  readonly headers: RecordHeaders;
  readonly timestampMs: number | undefined;
}

/** Of a checked line; a raw one takes any time and the headers that `tail --raw` prints. */
function readMetadata(fields: LineObject['fields']): Metadata | LineError {
  const timestampMs = fields.timestamp_ms ?? undefined;
  if (
    timestampMs !== undefined &&
    !(Number.isInteger(timestampMs) && (timestampMs as number) >= 0 && (timestampMs as number) <= MAX_TIME_MS)
  ) {
    return lineError('invalid_line', `timestamp_ms: expected Unix milliseconds, an integer from 0 to ${MAX_TIME_MS}`);
  }
  const headers = headersFromJson(fields.headers ?? {});
  if (headers === undefined) return lineError('invalid_line', 'headers: expected an object of texts');
  return { ok: true, headers, timestampMs: timestampMs as number | undefined };
}

export function readRawMetadata(fields: LineObject['fields']): Metadata | LineError {
  const timestampMs = fields.timestamp_ms ?? undefined;
  if (timestampMs !== undefined && !(Number.isSafeInteger(timestampMs) && (timestampMs as number) >= NO_TIME_MS)) {
    return lineError('invalid_line', 'timestamp_ms: expected Unix milliseconds, or -1 for none');
  }
  const headers = rawHeadersFromJson(fields.headers ?? {});
  if (headers === undefined) return lineError('invalid_line', 'headers: expected an object of texts, or a list of [name, text] pairs');
  return { ok: true, headers, timestampMs: timestampMs as number | undefined };
}

/** What Kafka calls NO_TIMESTAMP. */
export const NO_TIME_MS = -1;

/** A topic of the table, named with or without the prefix. */
export function readTopic(prefix: string, topic: unknown): TopicName | LineError {
  if (typeof topic !== 'string') return lineError('invalid_line', 'topic: is missing (expected the name of a topic)');
  const name = topicNamed(prefix, topic) ?? (Object.hasOwn(TOPICS, topic) ? (topic as TopicName) : undefined);
  if (name !== undefined) return name;
  return lineError(
    'unknown_topic',
    `topic: ${JSON.stringify(topic.slice(0, 100))} is none of ${TOPIC_NAMES.map((known) => fullTopicName(prefix, known)).join(', ')}`,
  );
}

/** A topic that an event may be written to. */
function openTopic(topic: TopicName): ProducedTopic | LineError {
  if (CLOSED_TOPICS.some((closed) => closed === topic)) return lineError('forbidden', `topic: only tipstream itself writes to ${topic}`);
  return topic as ProducedTopic;
}

export function readEventLine({ fields, text }: LineObject, prefix: string, maxValueBytes: number): ParsedLine | LineError {
  const named = readTopic(prefix, fields.topic);
  const topic = typeof named === 'string' ? openTopic(named) : named;
  if (typeof topic !== 'string') return topic;
  const metadata = readMetadata(fields);
  if (!metadata.ok) return metadata;
  const { headers, timestampMs } = metadata;
  const given = fields.key ?? undefined;
  if (given !== undefined && typeof given !== 'string') return lineError('invalid_line', 'key: expected text, the user_id');
  const value = fields.value == null ? undefined : memberText(text, 'value');
  const event = encodeEvent(topic, value, given === undefined ? undefined : Buffer.from(given), headers, maxValueBytes);
  if (!event.ok) return asLineError(event);
  return { ok: true, event, placement: { topic: fullTopicName(prefix, topic), headers, timestampMs } };
}

/** A line that is the event itself, for `produce --topic`: its text is the value, and the key its user_id. */
export function readBareEvent(named: TopicName, { text }: LineObject, prefix: string, maxValueBytes: number): ParsedLine | LineError {
  const topic = openTopic(named);
  if (typeof topic !== 'string') return topic;
  const event = encodeEvent(topic, text, undefined, [], maxValueBytes);
  if (!event.ok) return asLineError(event);
  return { ok: true, event, placement: { topic: fullTopicName(prefix, topic), headers: [], timestampMs: undefined } };
}

const asLineError = ({ rejection }: Rejected): LineError => lineError(rejection.code, rejection.message);
