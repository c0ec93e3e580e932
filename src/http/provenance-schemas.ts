/** What the answers on where numbers come from look like: records, the events behind features, decisions. */
import { z } from 'zod';
import type { DecisionDocument, DecisionsDocument, ProvenanceDocument, RecordDocument } from '../service/application.js';
import { letterParameters } from './dead-letters-schemas.js';
import { asOfQuery, userParameter } from './schemas.js';
import { featureValueSchema } from '../topic-schemas.js';
import { count, id, positions, timeMs } from './schema-parts.js';

const MAX_LISTED = 200;
export const LISTED = 50;

export const recordParameter = letterParameters.extend({ topic: z.string().meta({ description: 'with its prefix' }) });
export const decisionParameter = userParameter.extend({ decision_id: id.meta({ description: 'percent-encoded UTF-8, a slash as %2F' }) });
export const decisionsQuery = asOfQuery.extend({
  limit: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, { error: `must be a whole number from 1 to ${MAX_LISTED}` })
    .transform(Number)
    .refine((limit) => limit <= MAX_LISTED, { error: `must be a whole number from 1 to ${MAX_LISTED}` })
    .optional()
    .meta({ description: `how many, at most ${MAX_LISTED}; absent: ${LISTED}` }),
  after: id.optional().meta({ description: 'a decision_id, such as next_after of the previous answer: those that follow it' }),
});

const knownPositions = z.record(z.string(), count);
export const provenanceQuery = asOfQuery.extend({
  known_at: z
    .string({ error: 'must be given once' })
    .transform((text, context) => {
      const read = knownPositions.safeParse(parsed(text));
      if (read.success) return read.data;
      context.addIssue({ code: 'custom', message: 'must be JSON: an object of topics with their next offsets' });
      return z.NEVER;
    })
    .optional()
    .meta({
      description:
        'what was known when the log stood there: JSON, topic -> next offset of the partition, such as the positions of a decision; ' +
        'absent: now',
    }),
});

/** undefined: it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const address = z.object({ topic: z.string(), partition: count, offset: count });
const happening = z.enum(['served', 'done', 'dismiss', 'snooze']);
const value = featureValueSchema;
const bytes = z
  .object({ bytes: count, text: z.string().nullable(), hex: z.string().nullable() })
  .meta({ description: 'text where the bytes are UTF-8, else hexadecimal' });
const failure = z.object({ code: z.string(), message: z.string(), hint: z.string().optional() });

const search = z.object({
  state: z.enum(['found', 'reading', 'exhausted', 'failed']).meta({
    description:
      'found: every event has its record; reading: ask again to look further; exhausted: all there is was looked at; failed: see error',
  }),
  partitions: z
    .array(z.object({ topic: z.string(), partition: count, from: count, to: count, low: count, end: count }))
    .meta({ description: 'offsets from `from` on and before `to` were looked at, of those from `low` on and before `end`' }),
  error: failure.nullable(),
});

export const recordSchema = z.object({
  topic: z.string(),
  partition: count,
  offset: count,
  timestamp_ms: z.int(),
  key: bytes.nullable(),
  value: bytes.nullable().meta({ description: 'null: a tombstone' }),
  headers: z.array(z.object({ name: z.string(), value: bytes.nullable() })),
  previous_offset: count.nullable(),
  next_offset: count.nullable(),
  event: z
    .record(z.string(), z.unknown())
    .nullable()
    .meta({ description: 'as it is folded; null: it was refused, or it is a dead letter' }),
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  is_folded: z.boolean().meta({ description: 'whether records of its topic become state; of others nothing is applied or refused' }),
  applied: z
    .boolean()
    .nullable()
    .meta({ description: 'whether the state stands behind it; null: nothing folds the topic, or another member holds the partition' }),
  applied_to: count.nullable().meta({ description: 'the next offset of the topic that the state will apply' }),
  as_of_ms: timeMs,
  effect: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('tip'),
        user_id: id,
        tip_id: id,
        happening,
        at_ms: timeMs,
        is_kept: z.boolean().meta({ description: 'whether it says what is kept: the earliest of what happened' }),
        kept_at_ms: timeMs.nullable(),
        counted_in: z.array(z.string()).meta({ description: 'features that count it as of as_of_ms' }),
        decisions: z.array(z.object({ decision_id: id, record: address.nullable(), reward: z.number().nullable() })),
      }),
      z.object({
        kind: z.literal('decision'),
        user_id: id,
        decision_id: id,
        is_this: z.boolean(),
        decision: address.nullable(),
        shadow: address.nullable(),
      }),
      z.object({
        kind: z.literal('row'),
        user_id: id,
        table: z.string().meta({ description: 'as in the views of `tipstream sql`' }),
        is_kept: z.boolean().meta({ description: 'whether all that it says is kept' }),
        row: z
          .record(z.string(), z.union([z.number(), z.string(), z.null()]))
          .nullable()
          .meta({ description: 'what is kept under its key; null: nothing any more' }),
        counted_in: z.array(z.string()).meta({ description: 'features that count the row as of as_of_ms' }),
      }),
      z.object({ kind: z.literal('control'), control_id: id, is_this: z.boolean(), control: address.nullable() }),
      z.object({ kind: z.literal('forgotten'), user_digest: z.string(), positions: z.record(z.string(), z.int()) }),
    ])
    .nullable(),
  dead_letter: z.object({ record: address.nullable(), looked_at: count, of: count }).nullable(),
  refused: z
    .object({
      record: address.nullable(),
      code: z.string().nullable(),
      message: z.string().nullable(),
      failed_at_ms: z.number().nullable(),
      redrive_count: z.number().nullable(),
    })
    .nullable()
    .meta({ description: 'of a dead letter, as its headers say' }),
}) satisfies z.ZodType<RecordDocument>;

const event = { tip_id: id, happening, at_ms: timeMs, record: address.nullable() };
const row = {
  table: z.string().meta({ description: 'as in the views of `tipstream sql`' }),
  row: z.record(z.string(), z.union([z.number(), z.string(), z.null()])).meta({ description: 'by column' }),
  at_ms: timeMs.meta({ description: 'the first of its times' }),
  records: z.array(address).meta({ description: 'that make it together; empty: not found in what was looked at' }),
};

export const provenanceSchema = z.object({
  user_id: id,
  as_of_ms: timeMs,
  feature_set: z.string(),
  positions,
  known_at: z
    .object({
      positions: z.record(z.string(), count),
      is_read: z.boolean().meta({ description: 'false: the log has not been read up to there yet, and there are no features; ask again' }),
      lost: z.array(z.object({ topic: z.string(), low: count })).meta({ description: 'what lay before low is gone, and missing here' }),
    })
    .nullable()
    .meta({ description: 'null: what is known now' }),
  features: z.array(
    z.object({
      name: z.string(),
      value,
      window: z.object({ from_ms: z.int(), to_ms: timeMs }).meta({ description: 'times from from_ms on and before to_ms are counted' }),
      next_change: z
        .object({
          at_ms: z.int().meta({ description: 'the first as-of time with another value' }),
          value,
          events: z.array(z.object({ ...event, way: z.enum(['enters', 'leaves']) })),
          rows: z.array(z.object({ ...row, way: z.enum(['enters', 'leaves']) })),
          events_omitted: count,
        })
        .nullable()
        .meta({
          description: 'while no other event comes; null: time alone never changes it; without events and rows the value goes with time',
        }),
      events: count.meta({ description: 'how many events and rows are behind it' }),
      adds_up: z.boolean().meta({ description: 'whether these give the value' }),
    }),
  ),
  events: z
    .array(z.object({ ...event, features: z.array(z.string()).meta({ description: 'that it is behind' }) }))
    .meta({ description: 'newest first; record null: not found in what was looked at' }),
  rows: z
    .array(z.object({ ...row, features: z.array(z.string()).meta({ description: 'that it is behind' }) }))
    .meta({ description: 'sessions, signals and what files of features count; latest first' }),
  events_omitted: count,
  search,
}) satisfies z.ZodType<ProvenanceDocument>;

export const decisionsSchema = z.object({
  user_id: id,
  as_of_ms: timeMs,
  decisions: z.array(
    z.object({
      decision_id: id,
      requested_at_ms: timeMs,
      policy: z.string(),
      chosen_tip_id: id,
      explored: z.boolean(),
      candidates: count,
      shadow_tip_id: id.nullable(),
      reward: z.number().nullable(),
      record: address.nullable(),
    }),
  ),
  next_after: id.nullable(),
}) satisfies z.ZodType<DecisionsDocument>;

const choice = z.object({
  policy: z.string(),
  record: address.nullable(),
  scored_at_ms: timeMs,
  chosen_tip_id: id,
  explored: z.boolean(),
  epsilon: z.number(),
  salt: z.string(),
  u: z.number().meta({ description: 'the draw, computed again from policy, salt and decision_id' }),
  draw_adds_up: z.boolean(),
  updates: count,
  names: z.array(z.string()),
  prior: z.string().nullable().meta({ description: 'control_id of the configure whose prior theta starts from' }),
  theta: z.array(z.number()),
  candidates: z.array(
    z.object({
      tip_id: id,
      score: z.number().meta({ description: 'as it was recorded' }),
      propensity: z.number(),
      drawn: z.object({ from: z.number(), to: z.number() }).meta({ description: 'chosen by a draw from `from` on and below `to`' }),
      vector: z.array(z.number()).meta({ description: 'multiples of 1/4096' }),
      terms: z.array(z.number()).meta({ description: 'vector x theta, entry by entry' }),
      sum: z.number().meta({ description: 'the terms, added up in their order' }),
      bonus: z.number().meta({ description: 'what optimism adds' }),
      adds_up: z.boolean().meta({ description: 'whether sum + bonus is the score, to the bit' }),
    }),
  ),
  profile: z.object({ as_of_ms: timeMs, features: z.record(z.string(), value) }),
  positions: z.record(z.string(), count),
});

export const decisionSchema = z.object({
  user_id: id,
  decision_id: id,
  partition: count,
  requested_at_ms: timeMs,
  request: address.nullable().meta({ description: 'null: POST /score asked' }),
  live: choice,
  shadow: choice.nullable(),
  served: z.object({ tip_id: id, served_at_ms: timeMs, record: address.nullable() }).nullable(),
  reward: z
    .object({ value: z.number(), tip_id: id, happening: happening.nullable(), at_ms: timeMs.nullable(), record: address.nullable() })
    .nullable(),
  rewardable_until_ms: z.int().nullable(),
  is_closed: z.boolean().meta({ description: 'a prune has taken a serving of it: the reward stays what it was' }),
  search,
}) satisfies z.ZodType<DecisionDocument>;
