/** An audit trail as GET /v1/audit answers it. */
import type { AuditDocument, TrailEntry } from '../../src/service/application.js';

const AT_MS = Date.UTC(2026, 0, 31, 18, 4, 5);
const entry = (offset: number, over: Partial<TrailEntry>): TrailEntry => ({
  audit_id: `entry-${offset}`,
  at_ms: AT_MS - (20 - offset) * 60_000,
  actor: { kind: 'token', name: 'olga', role: 'operate' },
  action: 'policy.reset',
  outcome: 'done',
  topic: 'tipstream.audit',
  partition: 0,
  offset,
  ...over,
});

export const AUDIT: AuditDocument = {
  entries: [
    entry(7, { target: { kind: 'user', id: 'ana' }, details: { control_id: 'reset-1', effective_at_ms: AT_MS }, request_id: 'req-9' }),
    entry(6, { action: 'dead_letters.redrive', outcome: 'begun', details: { job_id: 'job-1', topic: 'tip.served', edited: false } }),
    entry(5, {
      actor: { kind: 'token', name: 'rita', role: 'read' },
      outcome: 'refused',
      error: { code: 'forbidden', message: 'this needs the role operate, and the token "rita" has the role read' },
    }),
    entry(4, {
      actor: { kind: 'command', name: 'otto', host: 'ops-1' },
      action: 'policy.promote',
      target: { kind: 'policy', id: 'egreedy-v2' },
      details: { control_id: 'promote-1', percent: 10, reason: 'because <i>' },
    }),
    entry(3, {
      action: 'events.produce',
      actor: { kind: 'token', name: 'app', role: 'operate' },
      details: { requests: 12, written: { 'tip.served': 1_200 } },
    }),
    entry(2, { actor: { kind: 'service', name: 'guardrail' }, action: 'policy.rollback', target: { kind: 'policy', id: 'egreedy-v3' } }),
  ],
  more: false,
  complete: true,
  unreadable: 0,
};
