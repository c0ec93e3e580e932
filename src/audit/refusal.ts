/** Whether a record is an event that holds: what the fold accepts, and nothing else. */
import { decodeRecord, type Decoded, type DecodeRules } from '../events/decode.js';
import { reject } from '../events/rejection.js';
import type { LogRecord } from '../log/port.js';
import { recordAt } from '../log/record-at.js';
import { controlRefusal } from '../policies/controls/control-refusal.js';
import type { ConsumedTopic } from '../topics.js';
import type { AuditDeps } from './audit.js';
import { heldTopic } from './held.js';

/** As `decodeRecord`; a valid control that cannot hold is refused too. */
export function accepted<Topic extends ConsumedTopic>(topic: Topic, record: LogRecord, rules: DecodeRules): Decoded<Topic> {
  const decoded = decodeRecord(topic, record, rules);
  if (topic !== 'policy.control' || !decoded.ok) return decoded;
  const refusal = controlRefusal(decoded.event as Parameters<typeof controlRefusal>[0]);
  return refusal === undefined ? decoded : reject(refusal.code, refusal.message);
}

/**
 * The code with which the record at that offset is refused; undefined: it is a valid event. lost: the log holds it no more. never: there
 * is none and there never was.
 */
export async function refusalAt(deps: AuditDeps, topic: ConsumedTopic, offset: number): Promise<string | undefined> {
  const { log, topicPrefix, partition, rules, signal } = deps;
  const held = await heldTopic(log, topicPrefix + topic, partition);
  if (offset < held.low || held.hidden !== undefined) return 'lost';
  if (offset >= held.end) return 'never';
  const record = await recordAt(log, { topic: held.topic, partition, offset }, signal);
  if (record === undefined) return held.lost === undefined ? 'never' : 'lost';
  const decoded = accepted(topic, record, rules);
  return decoded.ok ? undefined : decoded.rejection.code;
}
