/**
 * One line for `produce --raw`, which writes what it is told, for tests and repairs: `value` (text as it is, null for a tombstone,
 * anything else the JSON as it is written) or `value_base64`, `key` or `key_base64`, `partition`, headers and time as usual.
 * {"base64": "..."}, as `tail` prints bytes, stands for the bytes. What `tail --raw` prints comes back byte for byte.
 */
import type { NewRecord } from '../log/port.js';
import { DEAD_LETTER_SUFFIX, TOPICS, deadLetterTopic, fullTopicName } from '../topics.js';
import { memberText } from '../events/json-members.js';
import { base64Bytes, bytesFromJson } from './json-form.js';
import { lineError, readRawMetadata, readTopic, type LineError, type LineObject } from './line.js';
import type { PartitionCounts } from './partition-counts.js';

export async function readRawLine(
  line: LineObject,
  prefix: string,
  counts: PartitionCounts,
): Promise<{ readonly ok: true; readonly record: NewRecord } | LineError> {
  const { fields } = line;
  const topic = readAnyTopic(prefix, fields.topic);
  if (typeof topic !== 'string') return topic;
  const metadata = readRawMetadata(fields);
  if (!metadata.ok) return metadata;
  const key = readBytes(line, 'key');
  if (key instanceof Object && 'ok' in key) return key;
  const value = readBytes(line, 'value');
  if (value instanceof Object && 'ok' in value) return value;
  const partition = fields.partition ?? undefined;
  if (partition !== undefined) {
    const count = await counts.of(topic);
    if (!Number.isInteger(partition) || (partition as number) < 0 || (partition as number) >= count) {
      return lineError('invalid_line', `partition: expected an integer from 0 to ${count - 1}`);
    }
  }
  return {
    ok: true,
    record: {
      topic,
      key,
      value,
      headers: metadata.headers,
      ...(partition === undefined ? {} : { partition: partition as number }),
      ...(metadata.timestampMs === undefined ? {} : { timestampMs: metadata.timestampMs }),
    },
  };
}

function readAnyTopic(prefix: string, given: unknown): string | LineError {
  const isDeadLetter = typeof given === 'string' && given.endsWith(DEAD_LETTER_SUFFIX);
  const topic = readTopic(prefix, isDeadLetter ? given.slice(0, -DEAD_LETTER_SUFFIX.length) : given);
  if (typeof topic !== 'string') return topic;
  const full = fullTopicName(prefix, topic);
  if (!isDeadLetter) return full;
  return TOPICS[topic].role === 'consumed' ? deadLetterTopic(full) : lineError('unknown_topic', `topic: ${topic} has no dead letters`);
}

function readBytes({ fields, text }: LineObject, name: 'key' | 'value'): Buffer | null | LineError {
  const base64 = fields[`${name}_base64`];
  if (base64 != null) return base64Bytes(base64) ?? lineError('invalid_line', `${name}_base64: expected base64 text`);
  const given = fields[name];
  if (given == null) return null;
  const bytes = bytesFromJson(given);
  if (bytes !== undefined) return bytes;
  return name === 'value' ? Buffer.from(memberText(text, name)!) : lineError('invalid_line', 'key: expected text');
}
