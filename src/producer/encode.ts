/** An event as JSON in, the bytes of its record out, after the very check that the consumer makes. */
import { decodeValue, misrouted, userIn } from '../events/decode.js';
import { reject, type Rejected } from '../events/rejection.js';
import type { RecordHeaders } from '../log/port.js';
import { controlRefusal } from '../policies/controls/control-refusal.js';
import { DEFAULT_MAX_MESSAGE_BYTES, type ControlEvent, type ProducedTopic } from '../topics.js';

export interface EncodedEvent {
  readonly ok: true;
  /** null only for control records that every partition gets. */
  readonly key: Buffer | null;
  readonly value: Buffer;
}

/** The consumers' default too. A value of nearly this size can still be refused, because key and headers count for the log. */
export const DEFAULT_MAX_VALUE_BYTES = 1_048_576;
/** What Kafka counts for a batch of one record besides key, value and headers. */
const BATCH_OVERHEAD_BYTES = 100;
const HEADER_OVERHEAD_BYTES = 10;

/**
 * `json`, the text of the event, is written byte for byte: numbers keep their spelling, and fields that tipstream does not know stay for
 * other readers. Without a key the event's user_id is taken.
 */
export function encodeEvent(
  topic: ProducedTopic,
  json: string | undefined,
  key: Buffer | undefined,
  headers: RecordHeaders,
  maxValueBytes: number,
): EncodedEvent | Rejected {
  if (json === undefined) return reject('null_value', 'value: is missing (expected an object)');
  const value = Buffer.from(json);
  const decoded = decodeValue(topic, value, headers, maxValueBytes);
  if (!decoded.ok) return decoded;
  const userId = userIn(decoded.event);
  if (key !== undefined && userId === undefined)
    return reject('foreign_key', 'a control for everybody has no key: it is written to every partition');
  const refusal = topic === 'policy.control' ? controlRefusal(decoded.event as ControlEvent) : undefined;
  if (refusal !== undefined) return reject(refusal.code, refusal.message);
  const bytes = key ?? (userId === undefined ? null : Buffer.from(userId));
  return (
    misrouted(userId, bytes, 0, { partitioner: null, partitions: 1 }) ?? tooLarge(bytes, value, headers) ?? { ok: true, key: bytes, value }
  );
}

/** The log would refuse it, and with it the valid records of its batch. */
function tooLarge(key: Buffer | null, value: Buffer, headers: RecordHeaders): Rejected | undefined {
  let size = BATCH_OVERHEAD_BYTES + (key?.length ?? 0) + value.length;
  for (const [name, bytes] of headers) size += HEADER_OVERHEAD_BYTES + Buffer.byteLength(name) + (bytes?.length ?? 0);
  if (size <= DEFAULT_MAX_MESSAGE_BYTES) return undefined;
  return reject(
    'value_too_large',
    `the record has about ${size} bytes with its key and headers, more than the ${DEFAULT_MAX_MESSAGE_BYTES} that the log takes`,
  );
}
