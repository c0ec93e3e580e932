/** The schema of every topic's value: what decoding checks, and what JSON Schema, the types of events and OpenAPI are made of. */
import { z } from 'zod';
import { controlSchema, id, label, optional, timeMs, utcOffsetMin } from './event-fields.js';
import { ACTIONS, MAX_CANDIDATES } from './events/limits.js';
import { auditSchema } from './events/audit-event.js';
import { numbersByName, vectorsByTip } from './events/by-name.js';
import { TOPICS, type TopicName } from './topics.js';

export { controlSchema } from './event-fields.js';

export const candidateSchema = z.object({
  tip_id: id,
  is_overdue: z.boolean(),
  task_age_days: z.number().min(0),
  priority: z.int().min(1).max(4).meta({ description: '4 is the most urgent' }),
  source: optional(label),
  category: optional(label),
});

export const candidatesSchema = z.object({
  decision_id: id,
  user_id: id,
  requested_at_ms: timeMs,
  candidates: z
    .array(candidateSchema)
    .min(1)
    .max(MAX_CANDIDATES)
    .refine((list) => new Set(list.map((candidate) => candidate.tip_id)).size === list.length, { error: 'tip_ids must be distinct' }),
  utc_offset_min: optional(utcOffsetMin),
});

const servedSchema = z.object({
  tip_id: id,
  user_id: id,
  served_at_ms: timeMs,
  decision_id: optional(id),
  policy: optional(label),
  prompt_version: optional(label),
  source: optional(label),
  category: optional(label),
  utc_offset_min: optional(utcOffsetMin),
});

export const feedbackSchema = z.object({
  tip_id: id,
  user_id: id,
  action: z.enum(ACTIONS),
  reacted_at_ms: timeMs,
  feedback_id: optional(id),
  utc_offset_min: optional(utcOffsetMin),
});

const signalSyncedSchema = z.object({ user_id: id, source: id, synced_at_ms: timeMs });

export const sessionSchema = z
  .object({ user_id: id, session_id: id, started_at_ms: timeMs, ended_at_ms: timeMs, utc_offset_min: optional(utcOffsetMin) })
  .refine((session) => session.ended_at_ms >= session.started_at_ms, {
    error: 'must not be before started_at_ms',
    path: ['ended_at_ms'],
  });

/** A feature's value; an object has a number for each of some names. */
export const featureValueSchema = z.union([z.number(), z.string(), z.null(), numbersByName]);
const featureValues = z.record(z.string(), featureValueSchema);
const positions = z.record(z.string(), z.int().min(0)).meta({ description: 'topic -> next offset, of one partition' });

export const scoredSchema = z.object({
  decision_id: id,
  user_id: id,
  policy: id,
  scored_at_ms: timeMs,
  epsilon: z.number().min(0).max(1),
  explored: z.boolean(),
  chosen_tip_id: id,
  ranking: z
    .array(z.object({ tip_id: id, score: z.number(), propensity: z.number().min(0).max(1), category: optional(label) }))
    .min(1)
    .max(MAX_CANDIDATES),
  features: z.object({ names: z.array(z.string()), vectors: vectorsByTip }),
  model: z.object({
    updates: z.int().min(0),
    theta: z.array(z.number()),
    prior: optional(id).meta({ description: 'control_id of the configure whose prior theta starts from; absent: none' }),
    g: optional(z.array(z.number())).meta({ description: 'lower triangle of G by rows, of policies whose scores depend on it' }),
  }),
  salt: z.string(),
  profile: z.object({ as_of_ms: timeMs, features: featureValues }),
  feature_set: z.string(),
  input: z
    .object({ topic: z.string(), partition: z.int().min(0), offset: z.int().min(0) })
    .nullable()
    .meta({ description: 'the tip.candidates record that asked; null when POST /score did' }),
  positions,
  shadow_of: optional(id),
});

const profileFeaturesSchema = z.object({
  user_id: id,
  as_of_ms: timeMs,
  features: featureValues,
  feature_set: z.string(),
  positions: optional(positions),
});

const forgottenSchema = z.object({
  forget_id: id,
  user_digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .meta({ description: 'SHA-256 of the user_id in UTF-8, in hexadecimal digits: the event does not hold the id' }),
  forgotten_at_ms: timeMs,
  positions: positions.meta({
    description: "topic -> next offset, of the user's partition: what the user has below it does not exist any more",
  }),
  reason: optional(z.string()),
  by: optional(z.string()).meta({ description: 'who asked, as the audit trail names them' }),
});

export type Candidate = z.infer<typeof candidateSchema>;
export type CandidatesEvent = z.infer<typeof candidatesSchema>;
export type ServedEvent = z.infer<typeof servedSchema>;
export type FeedbackEvent = z.infer<typeof feedbackSchema>;
export type SessionEvent = z.infer<typeof sessionSchema>;
export type SignalSyncedEvent = z.infer<typeof signalSyncedSchema>;
export type ScoredEvent = z.infer<typeof scoredSchema>;
export type ProfileFeaturesEvent = z.infer<typeof profileFeaturesSchema>;
export type ForgottenEvent = z.infer<typeof forgottenSchema>;
export type ControlEvent = z.infer<typeof controlSchema>;

export const SCHEMAS = {
  'user.forgotten': forgottenSchema,
  'policy.control': controlSchema,
  'tip.served': servedSchema,
  'tip.feedback': feedbackSchema,
  'app.session': sessionSchema,
  'signal.synced': signalSyncedSchema,
  'tip.scored': scoredSchema,
  'tip.scored.shadow': scoredSchema,
  'tip.candidates': candidatesSchema,
  'profile.features': profileFeaturesSchema,
  'tipstream.audit': auditSchema,
} as const satisfies Record<TopicName, z.ZodType>;

/** The table of topics with the schema of each: what users of the library know as TOPICS. */
export const TOPICS_WITH_SCHEMAS = Object.fromEntries(
  Object.entries(TOPICS).map(([name, facts]) => [name, { ...facts, schema: SCHEMAS[name as TopicName] }]),
) as unknown as { readonly [Name in TopicName]: (typeof TOPICS)[Name] & { readonly schema: (typeof SCHEMAS)[Name] } };
