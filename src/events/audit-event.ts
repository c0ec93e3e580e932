/**
 * The event that says who changed what, as it is on the topic tipstream.audit. It says nothing about the state of a user, and nothing is
 * folded from it.
 */
import { z } from 'zod';

/** What is recorded. A reader must expect more of them in later versions. */
export const AUDIT_ACTIONS = [
  'events.produce',
  'policy.promote',
  'policy.rollback',
  'policy.configure',
  'policy.migrate',
  'policy.reset',
  'dead_letters.redrive',
  'dead_letters.redrive.stop',
  'user.forget',
  'profile.rebuild',
  'profile.rebuild.cancel',
  'state.rebuild',
  'topics.create',
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/**
 * token: a caller of HTTP, by the name of its token. loopback: a caller of HTTP where there are no tokens. command: who ran a command, by
 * the name that the operating system has. service: tipstream by itself.
 */
export const ACTOR_KINDS = ['token', 'loopback', 'command', 'service'] as const;
/**
 * done: it was done. begun: a job does it, and another entry says how the job ended. refused: nothing was changed, by a rule. failed: an
 * error ended it. stopped: somebody ended it. The last two may have changed a part.
 */
export const AUDIT_OUTCOMES = ['done', 'begun', 'refused', 'failed', 'stopped'] as const;
export const TARGET_KINDS = ['user', 'policy', 'topic', 'dead_letter', 'job'] as const;

const text = z.string().min(1);
const timeMs = z.int().min(0).max(253_402_300_799_999);

export const auditSchema = z.object({
  audit_id: text.max(128),
  at_ms: timeMs.meta({ description: 'when it was over, or begun as a job; Unix milliseconds' }),
  actor: z
    .object({
      kind: z.enum(ACTOR_KINDS),
      name: z.string().nullish().meta({ description: 'of the token, of the user of a command, or of a part of the service' }),
      role: z.enum(['read', 'operate', 'own']).nullish().meta({ description: 'of a caller over HTTP' }),
      host: z.string().nullish().meta({ description: 'of a command: the machine it ran on' }),
    })
    .meta({ description: 'never a secret: a token is named, not quoted' }),
  action: text.max(64).meta({ examples: [...AUDIT_ACTIONS] }),
  target: z
    .object({ kind: z.enum(TARGET_KINDS), id: z.string() })
    .nullish()
    .meta({ description: 'absent: everything, or many' }),
  outcome: z.enum(AUDIT_OUTCOMES),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
  request_id: z.string().nullish().meta({ description: 'of an HTTP request, as the log of the service has it' }),
  traceparent: z.string().nullish().meta({ description: 'W3C Trace Context of the request' }),
  details: z.record(z.string(), z.unknown()).nullish(),
});

export type AuditEvent = z.infer<typeof auditSchema>;
export type AuditActor = AuditEvent['actor'];
export type AuditOutcome = AuditEvent['outcome'];
export type AuditTarget = NonNullable<AuditEvent['target']>;
