/**
 * What requests and answers look like, beside the events of src/topic-schemas.ts. Requests are checked against these; answers are described
 * by them.
 */
import { z } from 'zod';
import { ERROR_KINDS, type ErrorCode } from '../errors.js';
import { candidateSchema, candidatesSchema, controlSchema, feedbackSchema, SCHEMAS, scoredSchema } from '../topic-schemas.js';
import { CLOSED_TOPICS, CONSUMED_TOPICS, MAX_CANDIDATES, TOPIC_NAMES } from '../topics.js';
import type {
  GenerateResponse,
  NewestScore,
  PartitionStatus,
  PoliciesDocument,
  PolicyStats,
  ProduceSummary,
  ProfileDocument,
  PromptsDocument,
  RebuildJob,
  ResetReceipt,
  RewardReceipt,
  ServiceStatus,
  StatusDocument,
} from '../service/application.js';
import { LAG_STATUSES, type LagRow } from '../log/lag.js';
import { givenProfileSchema } from '../projections/given-profile.js';
import { count, features, guardrailSchema, id, jobError, positions, priorSchema, time, timeMs } from './schema-parts.js';

export const userParameter = z.object({ user_id: id.meta({ description: 'percent-encoded UTF-8, a slash as %2F' }) });

export const asOfQuery = z.strictObject({
  as_of_ms: time.optional().meta({ description: 'Unix milliseconds or ISO 8601 (UTC unless it names a zone); absent: now' }),
});

const SWITCH: Readonly<Record<string, boolean>> = { true: true, '1': true, '': true, false: false, '0': false };
const switchNamed = (description: string) =>
  z
    .enum(['true', 'false', '1', '0', ''], { error: 'must be true or false' })
    .transform((word) => SWITCH[word] ?? false)
    .optional()
    .meta({ description });
export const atomicQuery = z.strictObject({ atomic: switchNamed('true: write nothing when a line is rejected') });
export const dryRunQuery = z.strictObject({ dry_run: switchNamed('true: say what would change, and change nothing') });

export const jobParameter = z.object({ job_id: z.uuid({ error: 'must be the job_id of a rebuild' }) });

export const noQuery = z.strictObject({});

export const profileSchema = z.object({
  user_id: id,
  as_of_ms: timeMs,
  features,
  feature_set: z.string(),
  positions,
}) satisfies z.ZodType<ProfileDocument>;

export const rebuildJobSchema = z.object({
  job_id: z.string(),
  user_id: id,
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  dry_run: z.boolean(),
  progress: z
    .object({ done: count, total: count.nullable() })
    .meta({ description: 'offsets of the log; total grows with the log, and is null before it is known' }),
  started_at_ms: timeMs,
  result: z
    .object({
      user_id: id,
      as_of_ms: timeMs,
      before: features.nullable().meta({ description: 'null: the user was not known' }),
      after: features.nullable(),
      changed: z.array(z.string()).meta({ description: 'features that were wrong, in the answer or in the tips behind it' }),
      replayed_events: count,
      positions,
    })
    .optional()
    .meta({ description: 'when it is done' }),
  error: jobError,
}) satisfies z.ZodType<RebuildJob>;

export const scoreRequestSchema = candidatesSchema.extend({
  decision_id: id
    .nullish()
    .meta({ description: 'given: the decision is in tip.scored before the answer; absent or null: nothing is recorded' }),
  requested_at_ms: candidatesSchema.shape.requested_at_ms.nullish().meta({ description: 'Unix milliseconds; absent or null: now' }),
  profile_features: givenProfileSchema.nullish().meta({ description: 'used as they are; absent or null: read from the projection' }),
});

const MAX_TITLE = 500;
const MAX_MAX_TOKENS = 100_000;
const [promptVersion, tipId] = [z.string().min(1).max(128), candidateSchema.shape.tip_id];
export const generateRequestSchema = scoreRequestSchema.extend({
  candidates: z
    .array(
      candidateSchema.extend({
        title: z
          .string()
          .max(MAX_TITLE)
          .nullish()
          .meta({ description: 'the text of the task, for the prompt alone: it is neither scored nor recorded' }),
      }),
    )
    .min(1)
    .max(MAX_CANDIDATES)
    .refine((list) => new Set(list.map((candidate) => candidate.tip_id)).size === list.length, { error: 'tip_ids must be distinct' }),
  prompt_version: promptVersion
    .nullish()
    .meta({ description: 'absent or null: as configured, the same for every request with this decision_id' }),
  max_tokens: z.int().min(1).max(MAX_MAX_TOKENS).nullish().meta({ description: "absent or null: the gateway's own limit" }),
  locale: z
    .string()
    .regex(/^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$/, { error: 'must be a language tag such as en or de-CH' })
    .nullish()
    .meta({ description: 'language of the text' }),
});

export const generateResponseSchema = z.object({
  text: z.string(),
  prompt_version: promptVersion.meta({ description: 'put it into tip.served, with decision_id' }),
  model: z.string(),
  tip_id: tipId.meta({ description: 'the tip that the text is about' }),
  decision_id: id.nullable(),
  recorded: z.boolean().meta({ description: 'whether this decision is in tip.scored' }),
  policy: z.string(),
  finish_reason: z.string().nullable().meta({ description: 'length: the text was cut; null: the gateway did not say' }),
  usage: z
    .object({ prompt_tokens: count, completion_tokens: count, total_tokens: count })
    .optional()
    .meta({ description: 'when the gateway says it' }),
}) satisfies z.ZodType<GenerateResponse>;

export const rewardRequestSchema = z
  .object({
    user_id: id,
    tip_id: feedbackSchema.shape.tip_id,
    action: feedbackSchema.shape.action.nullish(),
    reward: z
      .union([z.literal(0), z.literal(1)])
      .nullish()
      .meta({ description: '1 is a done, 0 a dismiss' }),
    reacted_at_ms: feedbackSchema.shape.reacted_at_ms.nullish().meta({ description: 'Unix milliseconds; absent or null: now' }),
    utc_offset_min: feedbackSchema.shape.utc_offset_min,
    feedback_id: feedbackSchema.shape.feedback_id,
  })
  .refine(({ action, reward }) => (action == null) !== (reward == null), { error: 'give action or reward, one of the two' });

export const rewardReceiptSchema = z.object({
  appended: z.object({ topic: z.string(), partition: count, offset: count }).meta({ description: 'where the tip.feedback record is' }),
  action: feedbackSchema.shape.action,
  reacted_at_ms: timeMs,
}) satisfies z.ZodType<RewardReceipt>;

export const resetRequestSchema = z.object({ user_id: id });
export const resetReceiptSchema = z.object({
  user_id: id,
  control_id: z.string(),
  effective_at_ms: timeMs.meta({ description: 'decisions requested from then on find nothing learned before' }),
}) satisfies z.ZodType<ResetReceipt>;

export const statsQuery = z.strictObject({ user_id: id.optional().meta({ description: 'absent: all users held by this member' }) });
export const policyStatsSchema = z.object({
  policy: z.string(),
  dimension: count,
  features: z.array(z.string()),
  hyperparameters: z.record(z.string(), z.number()),
  user: z
    .object({
      user_id: id,
      updates: count,
      theta: z.array(z.number()),
      reset_at_ms: timeMs.nullable(),
      prior: id.nullable().meta({ description: 'control_id of the configure whose prior theta starts from' }),
      migration: z.object({ control_id: id, from: id, trained: z.boolean(), effective_at_ms: timeMs }).nullable(),
    })
    .optional(),
  all: z.object({ users: count, decisions: count, rewarded: count, rewards: count, mean_reward: z.number().nullable() }).optional(),
}) satisfies z.ZodType<PolicyStats>;

export const scoreResponseSchema = scoredSchema.extend({
  decision_id: id.nullable(),
  recorded: z.boolean().meta({ description: 'whether this decision is in tip.scored' }),
});

export const policiesSchema = z.object({
  policies: z.array(
    z.object({
      policy: z.string(),
      policy_hash: z.string().meta({ description: 'changes with anything that decides what it does' }),
      dimension: count,
      state_version: count,
      hyperparameters: z.record(z.string(), z.number()),
      live_percent: z.number().min(0).max(100),
      shadow: z.boolean(),
      inputs: z.array(z.object({ name: z.string(), from: z.string(), normalised: z.string() })),
      decisions: count.meta({ description: 'live ones, on the partitions held by this member' }),
      rewarded: count,
      mean_reward: z
        .object({ mean: z.number(), low: z.number(), high: z.number() })
        .nullable()
        .meta({ description: 'with a 95% interval that assumes no distribution' }),
      card: z.string().meta({ description: 'the model card of this deployment, Markdown' }),
    }),
  ),
  settings: z.object({
    epsilon: z.number(),
    epsilon_min: z.number().nullable().meta({ description: 'null: epsilon does not decay' }),
    epsilon_decay: z.number().nullable(),
    salt: z.string(),
    shadow: z.string().nullable(),
    shadow_learning: z.boolean(),
    rewards: z
      .object({ done: z.number(), dismiss: z.number(), snooze: z.number(), window_ms: count })
      .meta({ description: 'what a reaction within window_ms after the serving is worth' }),
  }),
  priors: z.array(priorSchema).meta({ description: 'what is believed of users before they have rewards, policy by policy' }),
  history: z
    .array(
      controlSchema.safeExtend({
        effect: z
          .enum(['stands', 'repeats', 'taken_back', 'takes_back', 'nothing'])
          .optional()
          .meta({ description: 'of a promote or a rollback: what it has come to' }),
        effect_of: id
          .nullish()
          .meta({ description: 'control_id of the promote that it repeats or takes back, or of the rollback that took it back' }),
      }),
    )
    .meta({ description: 'policy.control, newest first' }),
  guardrail: z.array(guardrailSchema).meta({ description: 'what the guardrail says of each rollout that stands, the newest first' }),
  counted_at_ms: timeMs.meta({ description: 'when counting of decisions and rewards began: later ones may not be in it' }),
}) satisfies z.ZodType<PoliciesDocument>;

/** In UTF-16 units: events may name versions of 128 code points, of none too. */
const MAX_VERSION = 256;
export const promptsQuery = z.strictObject({
  against: z
    .string({ error: 'must be given once' })
    .max(MAX_VERSION)
    .optional()
    .meta({ description: 'the version to compare the others with; absent: v1 where it was served, else the first by name' }),
});
const interval = { mean: z.number().nullable().meta({ description: 'null: nothing to take it of' }), low: z.number(), high: z.number() };
const estimate = z.object({ n: count, ...interval });
export const promptsSchema = z.object({
  against: z.string().nullable().meta({ description: 'the version that the others are compared with; null: there is none' }),
  alpha: z.number().meta({
    description: 'what the intervals miss with at most this probability: of each mean, and of all differences of one kind together',
  }),
  prompts: z.array(
    z.object({
      prompt_version: z.string().nullable().meta({ description: 'null: the servings of these decisions name none' }),
      served: count.meta({ description: 'decisions that were served with it, on the partitions held by this member' }),
      rewarded: count,
      reward: estimate.meta({ description: 'of the decisions with a reward' }),
      missing_as_zero: estimate.meta({ description: 'of all that were served, those without a reward counted as 0' }),
      difference: z
        .object({ reward: z.object(interval), missing_as_zero: z.object(interval) })
        .nullable()
        .meta({ description: 'less that of `against`; null for itself, and where no version is named' }),
    }),
  ),
  counted_at_ms: timeMs.meta({ description: 'when counting began: later decisions and rewards may not be in it' }),
}) satisfies z.ZodType<PromptsDocument>;

const PRODUCED = TOPIC_NAMES.filter((topic) => !CLOSED_TOPICS.some((closed) => closed === topic));
const valueSchemas = CONSUMED_TOPICS.map((topic) => SCHEMAS[topic]);
export const produceLineSchema = z
  .object({
    topic: z.string().meta({ description: `full name, with the topic prefix; one of ${PRODUCED.join(', ')}` }),
    value: z.union(valueSchemas as unknown as [z.ZodType, z.ZodType]),
    key: z.string().nullish().meta({ description: 'absent or null: the user_id' }),
    headers: z.record(z.string(), z.unknown()).nullish(),
  })
  .meta({ description: 'One line of NDJSON.' });

const summary = {
  accepted: count.meta({ description: 'lines written' }),
  rejected: count,
  errors: z.array(z.object({ line: z.int().min(1), code: z.string(), message: z.string() })),
  errors_omitted: count.optional().meta({ description: 'how many more there were' }),
};
export const produceSummarySchema = z.object(summary) satisfies z.ZodType<ProduceSummary>;

export const lagSchema = z.array(
  z.object({
    group: z.string(),
    topic: z.string(),
    partition: count,
    applied_offset: count.nullable().meta({ description: 'next offset of the state file; null where nothing has been applied' }),
    committed_offset: count.nullable().meta({ description: 'what the group committed to the log' }),
    log_end_offset: count,
    high_watermark: count.meta({ description: 'the offset that the next record will get; the same as log_end_offset' }),
    last_stable_offset: count.meta({ description: 'where readers stop: at the first record of an open transaction' }),
    lag_records: count.meta({ description: 'offsets from what is applied to the high watermark' }),
    lag_seconds: z
      .number()
      .min(0)
      .nullable()
      .meta({ description: 'age of the first record not yet applied; 0 when there is none, null when it cannot be known' }),
    rate_in: z.number().min(0).nullable().meta({ description: 'records written a second, over the last minute at most' }),
    rate_out: z.number().min(0).nullable().meta({ description: 'records applied a second, over the last minute at most' }),
    catch_up_seconds: z.number().min(0).nullable().meta({ description: 'until everything is applied, if the rates stay as they are' }),
    status: z.enum(LAG_STATUSES).meta({ description: 'see docs/operating.md' }),
    rule: z.string().meta({ description: 'the rule that gave the status, with its numbers' }),
    reason: z.string().meta({ description: 'the same as a sentence for people' }),
  }),
) satisfies z.ZodType<readonly LagRow[]>;

const partitionStatus = z.object({
  partition: count,
  state: z.enum(['restoring', 'running', 'stopped']),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).nullable(),
  positions: z.record(z.string(), count).meta({ description: 'topic -> next offset' }),
  lag_records: count.meta({
    description: 'fetched and not applied; while the log is silent, all that it held at its last answer and that are not applied',
  }),
  silent: z.string().nullable().meta({ description: 'why nothing of it has come for a while; null when all is well' }),
}) satisfies z.ZodType<PartitionStatus>;

const newestScore = z.object({
  decision_id: z.string(),
  user_id: z.string(),
  policy: z.string(),
  chosen_tip_id: z.string(),
  shadow_tip_id: z.string().nullable().meta({ description: 'what the shadow policy would have chosen' }),
  explored: z.boolean(),
  candidates: count,
  scored_at_ms: timeMs,
}) satisfies z.ZodType<NewestScore>;

const serviceStatus = z.object({
  ready: z.boolean(),
  log_reachable: z.boolean().meta({ description: 'whether the log has answered within the last 10 s' }),
  log_silent_ms: count.meta({ description: 'since the last answer of the log: how old lag_records is' }),
  partitions_unowned: z.array(count).meta({ description: 'partitions that no member of the group was given: nobody reads them' }),
  started_at_ms: timeMs,
  log: z.enum(['sqlite', 'kafka']),
  group: z.string(),
  live_policy: z.string(),
  shadow_policy: z.string().nullable(),
  feature_set: z.string(),
  partitions: z.array(partitionStatus),
  warnings: z
    .array(z.object({ topic: z.string(), message: z.string(), hint: z.string() }))
    .meta({ description: 'inputs that lose events, so that a rebuild would not give what is there' }),
  counts: z.object({
    applied: count.meta({
      description:
        'valid events of producers and controls, since the state files were made; decisions that were read back are not among them',
    }),
    rejected: count,
    decisions: count,
    users: count,
    shadow_agreed: count,
    shadow_compared: count,
  }),
}) satisfies z.ZodType<ServiceStatus>;
export const statusSchema = serviceStatus.extend({
  now_ms: timeMs,
  newest_scores: z.array(newestScore),
}) satisfies z.ZodType<StatusDocument>;

export const liveSchema = z.object({ live: z.literal(true) });
export const readySchema = z.object({ ready: z.literal(true) });

export const errorSchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERROR_KINDS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    details: z.record(z.string(), z.unknown()).optional().meta({ description: 'facts for a program; `hint` says what to do' }),
  }),
});
export const produceRefusalSchema = z.object({ ...summary, error: errorSchema.shape.error });
