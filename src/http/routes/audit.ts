/** GET /v1/audit: who changed what, from the topic tipstream.audit. */
import { z } from 'zod';
import { auditSchema, AUDIT_ACTIONS } from '../../events/audit-event.js';
import type { AuditDocument } from '../../service/application.js';
import { everything } from '../entity-tag.js';
import { defineRoute } from '../route.js';
import { count, howMany, time } from '../schema-parts.js';

const MOST_ENTRIES = 1_000;
const DEFAULT_ENTRIES = 100;

const auditQuery = z.strictObject({
  since_ms: time.optional().meta({ description: 'entries from then on; Unix milliseconds or ISO 8601' }),
  until_ms: time.optional().meta({ description: 'entries before then' }),
  last: howMany(MOST_ENTRIES)
    .optional()
    .meta({ description: `the newest so many, 1 to ${MOST_ENTRIES}; ${DEFAULT_ENTRIES} unless given` }),
  actor: z.string().min(1).optional().meta({ description: 'the name of a token or user, or a kind: token, loopback, command, service' }),
  action: z
    .string()
    .min(1)
    .optional()
    .meta({ description: `one of ${AUDIT_ACTIONS.join(', ')}, or the part before a dot` }),
});

export const auditDocumentSchema = z.object({
  entries: z
    .array(auditSchema.extend({ topic: z.string(), partition: count, offset: count }))
    .meta({ description: 'newest first, each with where its record lies' }),
  more: z.boolean().meta({ description: 'older entries were left out, or were not reached in time' }),
  complete: z.boolean().meta({ description: 'false: time was up before the topic was read as far back as was asked' }),
  unreadable: count.meta({ description: 'records that were read and are no entry: somebody else wrote them' }),
}) satisfies z.ZodType<AuditDocument>;

export const auditRoute = defineRoute({
  method: 'GET',
  path: '/v1/audit',
  operationId: 'getAudit',
  role: 'operate',
  summary: 'Who changed what',
  description:
    'The newest entries of the audit trail. What callers and commands changed, or tried to change, is an event on tipstream.audit, which ' +
    'nobody may write over HTTP. Events that a caller appends are one entry for all its requests within 10 s, but for those to topics ' +
    'that need the role own.',
  query: auditQuery,
  answers: { 200: { description: 'The entries.', schema: auditDocumentSchema } },
  says: everything,
  handle: ({ query: { since_ms: sinceMs, until_ms: untilMs, last = DEFAULT_ENTRIES, actor, action } }, _reply, application) =>
    application.audit({ sinceMs, untilMs, last, actor, action }),
});
