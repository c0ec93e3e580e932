/** What the schemas of several events have in common, and the largest of them: an event of policy.control. */
import { z } from 'zod';
import { CONTROL_TYPES, MAX_REWARD_WINDOW_MS, MAX_TIME_MS } from './events/limits.js';
import { mayNameUser } from './events/control-user.js';
import { isId, isLabel, MAX_CODE_POINTS } from './events/strings.js';

const MAX_OFFSET_MIN = 840;

export const id = z
  .string()
  .refine(isId, { error: 'must be 1 to 128 code points of well-formed Unicode without control characters' })
  .meta({ minLength: 1, maxLength: MAX_CODE_POINTS, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
export const label = z.string().refine(isLabel, { error: 'must be at most 128 code points' }).meta({ maxLength: MAX_CODE_POINTS });
export const timeMs = z.int().min(0).max(MAX_TIME_MS).meta({ description: 'Unix milliseconds' });
export const utcOffsetMin = z
  .int()
  .min(-MAX_OFFSET_MIN)
  .max(MAX_OFFSET_MIN)
  .meta({ description: "minutes the user's local time is ahead of UTC" });
export const optional = <T extends z.ZodType>(schema: T) => schema.nullish();

const rewardValue = z.number().min(-1).max(1).meta({ description: 'rounded to a multiple of 1/256' });

const rewardsSchema = z.object({
  done: optional(rewardValue),
  dismiss: optional(rewardValue),
  snooze: optional(rewardValue),
  window_ms: optional(z.int().min(1).max(MAX_REWARD_WINDOW_MS)).meta({
    description: 'a reaction counts within [served_at_ms, served_at_ms + window_ms)',
  }),
});

/** Far beyond what rewards of -1 to 1 can lead to; scores stay finite. */
const MAX_THETA = 1_000;
const priorSchema = z.object({
  policy: id.meta({ description: 'the policy that it is for' }),
  theta: optional(z.array(z.number().min(-MAX_THETA).max(MAX_THETA)).max(1_000)).meta({
    description: "theta_0, one per entry of the policy's vector; absent: the policy has no prior from then on",
  }),
  lambda: optional(z.number().min(0.001).max(1_000_000)).meta({
    description: "takes the place of the policy's own; absent: that stays",
  }),
  positions: optional(z.record(z.string(), z.record(z.string(), z.int().min(0)))).meta({
    description: 'topic -> partition -> next offset: what theta_0 was fitted on',
  }),
  vectors: optional(z.string()).meta({ description: "fingerprint of the policy's vectors; theta_0 means nothing for others" }),
  rewards: optional(rewardsSchema).meta({
    description: 'what reactions were worth; absent: what they are worth when it takes effect. Decisions with other rewards have no prior',
  }),
});

const controlSettingsSchema = z.object({
  epsilon: optional(z.number().min(0).max(1)),
  epsilon_min: optional(z.number().min(0).max(1)).meta({ description: 'epsilon does not decay below it' }),
  epsilon_decay: optional(z.number().min(0)).meta({
    description: 'epsilon is at most this / updates, the rewarded decisions behind the state of user and policy; 0: it is constant',
  }),
  salt: optional(label),
  shadow: optional(label).meta({ description: "a policy's name; 'off' turns the shadow off" }),
  shadow_learning: optional(z.boolean()),
  rewards: optional(rewardsSchema).meta({ description: 'what a reaction is worth; an absent value stays what it was' }),
  prior: optional(priorSchema).meta({ description: 'what is believed of users before they have rewards, under one policy' }),
});

export const controlSchema = z
  .object({
    control_id: id,
    type: z.enum(CONTROL_TYPES),
    effective_at_ms: timeMs,
    policy: optional(id),
    percent: optional(z.number().min(0).max(100)),
    user_id: optional(id).meta({ description: 'of a reset: whose state is cleared; of a migrate: for whom alone it holds' }),
    from: optional(id).meta({
      description:
        'of a migrate: whose state `policy` continues from; without it, the policy with the longest vector that its own begins with',
    }),
    train_from_replay: optional(z.boolean()).meta({
      description: 'of a migrate: the decisions of `from` count with the vectors that `policy` would have had',
    }),
    undo: optional(z.boolean()).meta({ description: 'of a migrate: takes back the last one into `policy` that stands' }),
    takes_back: optional(id).meta({
      description: 'of a rollback: control_id of the promote that it takes back; without it, the last one that stands',
    }),
    rollout_id: optional(id).meta({ description: "of a promote: control_id of its rollout's first promote" }),
    holdout: optional(z.number().min(0).max(100)).meta({ description: 'of a promote: percent that stays with the previous policy at 100' }),
    settings: optional(controlSettingsSchema),
    reason: optional(z.string()),
    evidence: optional(z.unknown()),
  })
  .refine((control) => control.type !== 'reset' || control.user_id != null, { error: 'a reset names its user_id', path: ['user_id'] })
  .refine((control) => mayNameUser(control) || control.user_id == null, {
    error: 'means something on reset and migrate only: a control of any other type holds for everybody',
    path: ['user_id'],
  })
  .refine((control) => control.type !== 'promote' || control.policy != null, { error: 'a promote names its policy', path: ['policy'] })
  .refine((control) => control.type !== 'migrate' || control.policy != null, { error: 'a migrate names its policy', path: ['policy'] })
  .refine((control) => control.type !== 'configure' || control.settings != null, {
    error: 'a configure carries settings',
    path: ['settings'],
  });
