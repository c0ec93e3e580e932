/** What the schemas of several requests and answers have in common. */
import { z } from 'zod';
import { readTime } from '../time.js';
import { MAX_TIME_MS } from '../topics.js';
import { candidatesSchema, featureValueSchema } from '../topic-schemas.js';

/** An id as events have it. */
export const id = candidatesSchema.shape.user_id;
export const count = z.int().min(0);
export const timeMs = z.int().min(0).max(MAX_TIME_MS).meta({ description: 'Unix milliseconds' });
export const positions = z.record(z.string(), z.record(z.string(), count)).meta({ description: 'topic -> partition -> next offset' });
export const features = z
  .record(z.string(), featureValueSchema)
  .meta({ description: 'feature name -> value; null where the feature is empty' });
/** Of a job. */
export const jobError = z
  .object({ code: z.string(), message: z.string(), hint: z.string().optional() })
  .optional()
  .meta({ description: 'when it failed' });
/** Of a query: Unix ms or ISO 8601. */
export const time = z.string({ error: 'must be given once' }).transform((text, context) => {
  const read = readTime(text);
  if (read.ms !== undefined) return read.ms;
  const { guess } = read;
  const message = guess === undefined ? 'must be Unix milliseconds or ISO 8601, from 1970 to 9999' : `${guess.question} ${guess.advice}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** Of a query: a whole number from 1 to `most`. */
export function howMany(most: number) {
  const error = `must be a whole number from 1 to ${most}`;
  return z
    .string({ error: 'must be given once' })
    .regex(new RegExp(`^\\d{1,${String(most).length}}$`), { error })
    .transform(Number)
    .refine((number) => number >= 1 && number <= most, { error });
}

/** A pooled prior that is set. */
export const priorSchema = z.object({
  policy: z.string(),
  control_id: z.string(),
  effective_at_ms: timeMs,
  lambda: z.number().meta({ description: "takes the place of the policy's own" }),
  theta: z.array(z.number()).meta({ description: "theta_0, one per entry of the policy's vector" }),
  stale: z.boolean().meta({ description: 'reactions are worth something else than when it was fitted: decisions are scored without it' }),
  watch: z
    .object({
      rewards: count.meta({ description: 'of newcomers, the newest since it is in effect' }),
      rewards_needed: count.meta({ description: 'with fewer nothing is said' }),
      error: z.number().nullable().meta({ description: 'mean squared error of theta_0 . x' }),
      constant_error: z.number().nullable().meta({ description: 'of the best constant' }),
      worse: z.boolean().nullable().meta({ description: 'the constant predicts better: fit the prior again; null: too few to tell' }),
    })
    .nullable()
    .meta({ description: "how well it predicts newcomers' rewards; null: stale, or still being counted" }),
});

const arm = z.object({
  users: count.meta({ description: 'with a decision since the percentage is what it is' }),
  decisions: count,
  reward: z.number().nullable().meta({ description: 'mean reward of a decision by the age of the look; null: there is none' }),
});
/** What the guardrail says of one rollout. */
export const guardrailSchema = z.object({
  rollout_id: z.string(),
  policy: z.string(),
  percent: z.number().meta({ description: 'of the users, whom it covers' }),
  alpha: z.number().meta({ description: 'probability of a false rollback over the whole rollout, at most' }),
  look: z
    .object({
      index: count.meta({ description: '0, 1, .. since the percentage is what it is' }),
      at_ms: timeMs.meta({ description: 'it knows decisions and reactions up to then' }),
      age_ms: count.meta({ description: 'rewards within this time of the request count' }),
      treated: arm,
      control: arm,
      difference: z.number().nullable().meta({ description: 'reward per decision that the treated have more, after the adjustment' }),
      interval: z.object({ low: z.number(), high: z.number() }).nullable().meta({ description: 'null: none is made any more' }),
      spent: z.number().meta({ description: 'what of alpha may have been used up' }),
    })
    .nullable()
    .meta({ description: 'the last one; null: none was taken yet' }),
  next_look_at_ms: timeMs.nullable().meta({ description: 'when the events must have come that far; null: there is none any more' }),
  why_not: z.string().nullable().meta({ description: 'why it does not act, whatever it sees; null: it does' }),
});
