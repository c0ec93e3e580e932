/**
 * Every topic tipstream reads or writes, once: its name, key, value schema and how it is kept. Event types, validators, JSON Schema,
 * AsyncAPI and the broker's topic settings are all derived from this table.
 *
 * Values are JSON objects, keyed by user_id (UTF-8) where they are about a user. Unknown fields are allowed and dropped; null means absent.
 */
import { z } from 'zod';
import { auditSchema } from './events/audit-event.js';
import { mayNameUser } from './events/control-user.js';
import { isId, isLabel, MAX_CODE_POINTS } from './events/strings.js';
import { vectorsByTip } from './events/vectors-by-tip.js';

export const MAX_TIME_MS = 253_402_300_799_999;
const MAX_OFFSET_MIN = 840;
export const MAX_CANDIDATES = 200;
const ACTIONS = ['done', 'dismiss', 'snooze'] as const;

const id = z
  .string()
  .refine(isId, { error: 'must be 1 to 128 code points of well-formed Unicode without control characters' })
  .meta({ minLength: 1, maxLength: MAX_CODE_POINTS, pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' });
const label = z.string().refine(isLabel, { error: 'must be at most 128 code points' }).meta({ maxLength: MAX_CODE_POINTS });
const timeMs = z.int().min(0).max(MAX_TIME_MS).meta({ description: 'Unix milliseconds' });
const utcOffsetMin = z
  .int()
  .min(-MAX_OFFSET_MIN)
  .max(MAX_OFFSET_MIN)
  .meta({ description: "minutes the user's local time is ahead of UTC" });
const optional = <T extends z.ZodType>(schema: T) => schema.nullish();

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

const featureValues = z.record(z.string(), z.union([z.number(), z.string(), z.null()]));
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

export const CONTROL_TYPES = ['promote', 'rollback', 'reset', 'migrate', 'configure'] as const;

/** Longer than tips are kept, a window would close with its decision's reward still open. */
export const MAX_REWARD_WINDOW_MS = 30 * 86_400_000;
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

export type Candidate = z.infer<typeof candidateSchema>;
export type CandidatesEvent = z.infer<typeof candidatesSchema>;
export type ServedEvent = z.infer<typeof servedSchema>;
export type FeedbackEvent = z.infer<typeof feedbackSchema>;
export type ScoredEvent = z.infer<typeof scoredSchema>;
export type ProfileFeaturesEvent = z.infer<typeof profileFeaturesSchema>;
export type ControlEvent = z.infer<typeof controlSchema>;
export type Action = (typeof ACTIONS)[number];

const DAY_MS = 86_400_000;
export const KEEP_FOR_EVER = -1;
/** Inputs kept for less than this can lose events that are still inside a 30-day window. */
export const MIN_INPUT_RETENTION_MS = 31 * DAY_MS;
/** Kafka's own default for max.message.bytes. */
export const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;
/** A dead letter is its input plus the reason in headers. */
export const DEAD_LETTER_HEADROOM_BYTES = 65_536;

interface TopicDefinition {
  readonly description: string;
  readonly schema: z.ZodType;
  /** consumed: folded by the partition workers. published: only written. */
  readonly role: 'consumed' | 'published';
  /**
   * producers: programs and people upstream, through producers, commands or HTTP. workers: tipstream's own answers. audit-trail:
   * tipstream's record of what callers and commands changed, which nobody may write.
   */
  readonly writtenBy: 'producers' | 'workers' | 'audit-trail';
  /**
   * always: every record has a user's key. of-a-user: a record without a user is written to every partition, without a key. never: it has
   * one partition and no keys, so that all records have one order.
   */
  readonly keyed: 'always' | 'of-a-user' | 'never';
  /** What becomes of a record. null: nothing is kept of it. */
  readonly folds: 'tips' | 'decisions' | 'controls' | null;
  /** Which field says when what a producer tells happened, or was asked for. null: its events are answers, or hold from a time on. */
  readonly eventTime: string | null;
  /** Whether a rebuild reads it. Requests are answered once, and a rebuild goes by the answers: it needs none of them. */
  readonly rebuiltFrom: boolean;
  readonly cleanupPolicy: 'delete' | 'compact';
  readonly retentionMs: number;
}

export const TOPICS = {
  'policy.control': {
    description: 'Promotions, rollbacks, resets, migrations and settings, each with the time from which it holds.',
    schema: controlSchema,
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'of-a-user',
    folds: 'controls',
    eventTime: null,
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.served': {
    description: 'A tip was shown to its user.',
    schema: servedSchema,
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'tips',
    eventTime: 'served_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.feedback': {
    description: 'The user reacted to a tip.',
    schema: feedbackSchema,
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'tips',
    eventTime: 'reacted_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.scored': {
    description: 'The decision: which candidate the live policy chose, and everything needed to compute it again.',
    schema: scoredSchema,
    role: 'consumed',
    writtenBy: 'workers',
    keyed: 'always',
    folds: 'decisions',
    eventTime: null,
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.scored.shadow': {
    description: 'What the shadow policy would have chosen for the same candidates.',
    schema: scoredSchema,
    role: 'consumed',
    writtenBy: 'workers',
    keyed: 'always',
    folds: 'decisions',
    eventTime: null,
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.candidates': {
    description: 'A command: score these candidates for this user.',
    schema: candidatesSchema,
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: null,
    eventTime: 'requested_at_ms',
    rebuiltFrom: false,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'profile.features': {
    description: "A user's features after they changed; the newest per user is kept.",
    schema: profileFeaturesSchema,
    role: 'published',
    writtenBy: 'workers',
    keyed: 'always',
    folds: null,
    eventTime: null,
    rebuiltFrom: false,
    cleanupPolicy: 'compact',
    retentionMs: KEEP_FOR_EVER,
  },
  'tipstream.audit': {
    description: 'Who changed what, through the service or by a command.',
    schema: auditSchema,
    role: 'published',
    writtenBy: 'audit-trail',
    keyed: 'never',
    folds: null,
    eventTime: null,
    rebuiltFrom: false,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
} as const satisfies Record<string, TopicDefinition>;

export type TopicName = keyof typeof TOPICS;
export const TOPIC_NAMES = Object.keys(TOPICS) as TopicName[];

/** The topics of which all these facts are true. */
export type TopicsWith<Facts extends Partial<TopicDefinition>> = {
  [Topic in TopicName]: (typeof TOPICS)[Topic] extends Facts ? Topic : never;
}[TopicName];

/** In the order of the table. */
export function topicsWith<const Facts extends Partial<TopicDefinition>>(facts: Facts): TopicsWith<Facts>[] {
  const wanted = Object.entries(facts) as [keyof TopicDefinition, unknown][];
  return TOPIC_NAMES.filter((name) => wanted.every(([fact, value]) => TOPICS[name][fact] === value)) as TopicsWith<Facts>[];
}

/**
 * The topics a partition worker folds, in the order in which records of equal timestamp are taken: facts before the commands
 * that are answered from them.
 */
export const CONSUMED_TOPICS = topicsWith({ role: 'consumed' });
export type ConsumedTopic = (typeof CONSUMED_TOPICS)[number];
/** Commands: each is answered once, after all that a rebuild reads. */
export const REQUEST_TOPICS = topicsWith({ role: 'consumed', rebuiltFrom: false });
/** What workers write and read back as input. */
export const ANSWER_TOPICS = topicsWith({ role: 'consumed', writtenBy: 'workers' });
export const REBUILT_FROM_TOPICS = topicsWith({ rebuiltFrom: true });
export const TIP_TOPICS = topicsWith({ folds: 'tips' });
export const DECISION_TOPICS = topicsWith({ folds: 'decisions' });
/** A reward is made of a decision, its serving and the reaction. */
export const REWARD_TOPICS = [...TIP_TOPICS, ...DECISION_TOPICS];
/** What decides which policy is live and what it has learned from: answers, and the controls over them. */
export const GUARDED_TOPICS: readonly TopicName[] = [...topicsWith({ writtenBy: 'workers' }), ...topicsWith({ folds: 'controls' })];
export const AUDIT_TOPIC = 'tipstream.audit';
/** What a program or a person may hand to a producer. */
export type ProducedTopic = Exclude<TopicName, typeof AUDIT_TOPIC>;
/** Nobody may write to them over HTTP, nor by `produce` but for --raw. */
export const CLOSED_TOPICS = topicsWith({ writtenBy: 'audit-trail' });
export const DEAD_LETTER_SUFFIX = '-dlt';

/** `signals.` + tip.feedback -> signals.tip.feedback */
export function fullTopicName(prefix: string, name: TopicName): string {
  return prefix + name;
}

export function deadLetterTopic(fullName: string): string {
  return fullName + DEAD_LETTER_SUFFIX;
}

/** signals.tip.feedback-dlt -> tip.feedback; undefined for any other topic. */
export function inputOfDeadLetterTopic(prefix: string, fullName: string): ConsumedTopic | undefined {
  return CONSUMED_TOPICS.find((input) => deadLetterTopic(fullTopicName(prefix, input)) === fullName);
}

/** The topic of this table behind a full name, or undefined for a stranger's. */
export function topicNamed(prefix: string, fullName: string): TopicName | undefined {
  if (!fullName.startsWith(prefix)) return undefined;
  const name = fullName.slice(prefix.length);
  return Object.hasOwn(TOPICS, name) ? (name as TopicName) : undefined;
}
