/**
 * Every topic tipstream reads or writes, once: its name, key and how it is kept. AsyncAPI and the broker's topic settings are derived from
 * this table, and event types, validators and JSON Schema from the schemas in topic-schemas.ts. They stand apart, because most commands
 * need the names alone and start faster without zod.
 *
 * Values are JSON objects, keyed by user_id (UTF-8) where they are about a user. Unknown fields are allowed and dropped; null means absent.
 */
import type { FeatureSetName } from './events/feature-choice.js';
import type { ACTIONS } from './events/limits.js';

export type { FeatureSetName } from './events/feature-choice.js';
export { CONTROL_TYPES, MAX_CANDIDATES, MAX_REWARD_WINDOW_MS, MAX_TIME_MS } from './events/limits.js';
export type {
  Candidate,
  CandidatesEvent,
  ControlEvent,
  FeedbackEvent,
  ForgottenEvent,
  ProfileFeaturesEvent,
  ScoredEvent,
  ServedEvent,
  SessionEvent,
  SignalSyncedEvent,
} from './topic-schemas.js';
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
  /** consumed: folded by the partition workers. published: only written. */
  readonly role: 'consumed' | 'published';
  /**
   * producers: programs and people upstream, through producers, commands or HTTP. workers: tipstream's own answers. audit-trail:
   * tipstream's record of what callers and commands changed, which nobody may write. forgetting: whoever forgets a user, and nobody else.
   */
  readonly writtenBy: 'producers' | 'workers' | 'audit-trail' | 'forgetting';
  /**
   * always: every record has a user's key. of-a-user: a record without a user is written to every partition, without a key. never: it has
   * one partition and no keys, so that all records have one order. by-digest: the key is the user's digest, on the user's partition.
   */
  readonly keyed: 'always' | 'of-a-user' | 'never' | 'by-digest';
  /**
   * What becomes of a record. rows: it is consumed only where a feature is computed from it, as rows of its own kind
   * (projections/row-kind.ts). null: nothing is kept of it.
   */
  readonly folds: 'tips' | 'rows' | 'decisions' | 'controls' | 'forgets' | null;
  /** Which field says when what a producer tells happened, or was asked for. null: its events are answers, or hold from a time on. */
  readonly eventTime: string | null;
  /** Whether a rebuild reads it. Requests are answered once, and a rebuild goes by the answers: it needs none of them. */
  readonly rebuiltFrom: boolean;
  readonly cleanupPolicy: 'delete' | 'compact';
  readonly retentionMs: number;
}

export const TOPICS = {
  'user.forgotten': {
    description: 'A user was forgotten: what the user has below the positions does not exist any more.',
    role: 'consumed',
    writtenBy: 'forgetting',
    keyed: 'by-digest',
    folds: 'forgets',
    eventTime: null,
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'policy.control': {
    description: 'Promotions, rollbacks, resets, migrations and settings, each with the time from which it holds.',
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
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'tips',
    eventTime: 'reacted_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'app.session': {
    description: 'The user had the application open. Consumed with the feature set activity.',
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'rows',
    eventTime: 'ended_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'signal.synced': {
    description: "A source of the user's signals was read. Consumed with the feature set activity.",
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'rows',
    eventTime: 'synced_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
  'tip.scored': {
    description: 'The decision: which candidate the live policy chose, and everything needed to compute it again.',
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

/** Those of them that are consumed where features are computed from rows of `rowTopics`, in the same order. */
export function consumedWith(rowTopics: readonly TopicName[]): readonly ConsumedTopic[] {
  return CONSUMED_TOPICS.filter((topic) => TOPICS[topic].folds !== 'rows' || rowTopics.includes(topic));
}
/** What the set of features core is folded from. */
export const CORE_TOPICS = consumedWith([]);
/** Commands: each is answered once, after all that a rebuild reads. */
export const REQUEST_TOPICS = topicsWith({ role: 'consumed', rebuiltFrom: false });
/** What workers write and read back as input. */
export const ANSWER_TOPICS = topicsWith({ role: 'consumed', writtenBy: 'workers' });
export const REBUILT_FROM_TOPICS = topicsWith({ rebuiltFrom: true });
export const TIP_TOPICS = topicsWith({ folds: 'tips' });
export const ROW_TOPICS = topicsWith({ folds: 'rows' });
export type RowTopic = (typeof ROW_TOPICS)[number];
export const isRowTopic = (topic: TopicName): topic is RowTopic => TOPICS[topic].folds === 'rows';
export const DECISION_TOPICS = topicsWith({ folds: 'decisions' });
/** A reward is made of a decision, its serving and the reaction. */
export const REWARD_TOPICS = [...TIP_TOPICS, ...DECISION_TOPICS];
/** What decides which policy is live and what it has learned from: answers, and the controls over them. */
export const GUARDED_TOPICS: readonly TopicName[] = [...topicsWith({ writtenBy: 'workers' }), ...topicsWith({ folds: 'controls' })];
export const AUDIT_TOPIC = 'tipstream.audit';
export const FORGOTTEN_TOPIC = 'user.forgotten';
/** What a program or a person may hand to a producer. */
export type ProducedTopic = Exclude<TopicName, typeof AUDIT_TOPIC | typeof FORGOTTEN_TOPIC>;
/** Nobody may write to them over HTTP, nor by `produce` but for --raw. */
export const CLOSED_TOPICS = [...topicsWith({ writtenBy: 'audit-trail' }), ...topicsWith({ writtenBy: 'forgetting' })];
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

/**
 * The sets of features that tipstream comes with. An installation folds `core`, and those of the others that --features names: that
 * decides which topics it consumes.
 */
export const FEATURE_SETS = ['core', 'activity'] as const satisfies readonly FeatureSetName[];
