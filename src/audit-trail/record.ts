/** What somebody did, as a record of tipstream.audit. */
import { randomUUID } from 'node:crypto';
import {
  auditSchema,
  type AuditAction,
  type AuditActor,
  type AuditEvent,
  type AuditOutcome,
  type AuditTarget,
} from '../events/audit-event.js';
import { ERROR_KINDS, TipstreamError } from '../errors.js';
import type { NewRecord } from '../log/port.js';
import { AUDIT_TOPIC, fullTopicName } from '../topics.js';

/** A change, or an attempt at one. */
export interface AuditedChange {
  readonly actor: AuditActor;
  readonly action: AuditAction;
  readonly target?: AuditTarget | undefined;
  readonly outcome: AuditOutcome;
  readonly error?: { readonly code: string; readonly message: string } | undefined;
  readonly requestId?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Of what a caller chose: an id in a path can be long. */
const CHARACTERS = 500;

export function auditEvent({ requestId, traceparent, error, target, ...change }: AuditedChange, atMs: number): AuditEvent {
  const event: AuditEvent = {
    audit_id: randomUUID(),
    at_ms: atMs,
    ...change,
    ...(target === undefined ? {} : { target: { kind: target.kind, id: target.id.slice(0, CHARACTERS) } }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message.slice(0, CHARACTERS) } }),
    ...(requestId === undefined ? {} : { request_id: requestId }),
    ...(traceparent === undefined ? {} : { traceparent }),
  };
  return auditSchema.parse(JSON.parse(JSON.stringify(event)));
}

export function auditRecord(topicPrefix: string, event: AuditEvent): NewRecord {
  return { topic: fullTopicName(topicPrefix, AUDIT_TOPIC), key: null, value: Buffer.from(JSON.stringify(event)), partition: 0 };
}

/** What an error says of a change: refused by a rule, or failed. */
export function outcomeOf(error: unknown): Pick<AuditedChange, 'outcome' | 'error'> {
  const { code, message } =
    error instanceof TipstreamError
      ? error
      : { code: 'internal' as const, message: error instanceof Error ? error.message : String(error) };
  return { outcome: ERROR_KINDS[code].http < 500 ? 'refused' : 'failed', error: { code, message } };
}
