/** A record that cannot be folded goes to its topic's -dlt: key and value byte for byte, the reason in headers. */
import { deadLetterHeaders, readDeadLetterReason } from '../../events/dead-letter.js';
import type { Rejection } from '../../events/rejection.js';
import type { LogRecord } from '../../log/port.js';
import type { OutboxMessage } from '../../store/tables/outbox.js';
import { deadLetterTopic } from '../../topics.js';

export function deadLetter(record: LogRecord, rejection: Rejection, group: string, nowMs: number): OutboxMessage {
  const { topic, partition, offset, key, value, headers } = record;
  const redriveCount = readDeadLetterReason(headers).redriveCount ?? 0;
  const reason = { topic, partition, offset, group, ...rejection, failedAtMs: nowMs, redriveCount };
  return { topic: deadLetterTopic(topic), key, value, headers: deadLetterHeaders(headers, reason) };
}
