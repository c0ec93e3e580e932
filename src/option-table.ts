/**
 * Every option, once: its flag, environment variable, default, help and group. The CLI's flags, the configuration of the service and the
 * reference in the docs come from this table.
 */
import {
  brokerList,
  featureChoice,
  fraction,
  gatewayUrl,
  headerToken,
  nameList,
  notNegative,
  oneOf,
  retention,
  text,
  textOf,
  topicPrefix,
  wholeNumber,
  yesOrNo,
  type ValueReader,
} from './option-values.js';
import { HTTP_OPTIONS } from './http-option-table.js';
import { KAFKA_OPTIONS, REGISTRY_OPTIONS, TOPIC_OPTIONS } from './kafka-option-table.js';
import { DEFAULT_MAX_MESSAGE_BYTES } from './topics.js';

/** Which commands take an option: a command names its groups. */
export const OPTION_GROUPS = {
  log: 'Log options',
  kafka: 'Kafka options',
  events: 'Event options',
  registry: 'Schema Registry options',
  topics: 'Topic options',
  consumer: 'Consumer options',
  http: 'HTTP options',
  policy: 'Policy options',
  gateway: 'Prompt and gateway options',
  start: 'Start options',
} as const;
export type OptionGroup = keyof typeof OPTION_GROUPS;

export interface OptionDefinition {
  /** As in help: `--name <what>`, or `--name` alone for a switch. */
  readonly flag: string;
  /** A second flag that stands for the value 'off' or 'false'. */
  readonly negatedFlag?: string;
  readonly env: string;
  readonly read: ValueReader<unknown>;
  /** As it would be typed; absent: undefined unless given. */
  readonly default?: string;
  readonly help: string;
  readonly group: OptionGroup;
  /** Better in the environment than on a command line that `ps` shows; never printed. */
  readonly secret?: true;
  /** A partition's worker is given it as it is, by this name. */
  readonly worker?: true;
}

export const OPTIONS = {
  data: {
    flag: '--data <dir>',
    env: 'TIPSTREAM_DATA',
    read: text,
    default: './data',
    group: 'log',
    help: 'directory of the embedded log and of the state files',
  },
  log: {
    flag: '--log <kind>',
    env: 'TIPSTREAM_LOG',
    read: oneOf(['sqlite', 'kafka'], 'must be sqlite or kafka'),
    group: 'log',
    help: 'sqlite (embedded) or kafka; default: kafka when brokers are given, else sqlite',
  },
  brokers: {
    flag: '--brokers <list>',
    env: 'KAFKA_BROKERS',
    read: brokerList,
    group: 'log',
    help: 'Kafka brokers, as HOST:PORT,HOST:PORT',
  },
  topicPrefix: {
    flag: '--topic-prefix <text>',
    env: 'TIPSTREAM_TOPIC_PREFIX',
    read: topicPrefix,
    default: '',
    group: 'log',
    help: 'prefix of every topic name: with "signals.", tip.served is signals.tip.served',
    worker: true,
  },
  partitions: {
    flag: '--partitions <number>',
    env: 'TIPSTREAM_PARTITIONS',
    read: wholeNumber(1, 1_000),
    default: '4',
    group: 'log',
    help: 'number of partitions of topics that are created; fixed from then on',
  },
  features: {
    flag: '--features <list>',
    env: 'TIPSTREAM_FEATURES',
    read: featureChoice,
    default: 'core',
    group: 'log',
    help:
      'sets of features that state is folded with, and files of features beside them: core, core,activity or core,./features.json; ' +
      'rebuild moves state from one to the other',
    worker: true,
  },
  logTimeoutMs: {
    flag: '--log-timeout-ms <number>',
    env: 'TIPSTREAM_LOG_TIMEOUT_MS',
    read: wholeNumber(1, 600_000),
    default: '5000',
    group: 'log',
    help: 'how long an HTTP request, or a question that a command asks, waits for the log',
  },
  ...KAFKA_OPTIONS,
  partitioner: {
    flag: '--partitioner <name>',
    env: 'TIPSTREAM_PARTITIONER',
    default: 'murmur2',
    group: 'events',
    read: oneOf(['murmur2', 'crc32', 'any'], 'must be murmur2, crc32 or any'),
    help: "how producers partition keys: murmur2 (Java and kafkajs), crc32 (librdkafka's consistent), any (no check)",
    worker: true,
  },
  maxValueBytes: {
    flag: '--max-value-bytes <number>',
    env: 'TIPSTREAM_MAX_VALUE_BYTES',
    group: 'events',
    read: wholeNumber(1_024, DEFAULT_MAX_MESSAGE_BYTES),
    default: '1048576',
    help: 'maximum size of the value of an event; larger events are refused',
    worker: true,
  },
  ...REGISTRY_OPTIONS,
  ...TOPIC_OPTIONS,
  group: {
    flag: '--group <name>',
    env: 'TIPSTREAM_GROUP',
    read: textOf({ min: 1, max: 200 }),
    group: 'consumer',
    help: 'consumer group; default: the topic prefix followed by tipstream',
    worker: true,
  },
  maxBatchRecords: {
    flag: '--max-batch-records <number>',
    env: 'TIPSTREAM_MAX_BATCH_RECORDS',
    read: wholeNumber(1, 1_000_000),
    default: '50000',
    group: 'consumer',
    help: 'maximum number of records that are folded in one transaction',
    worker: true,
  },
  maxTaskIdleMs: {
    flag: '--max-task-idle-ms <number>',
    env: 'TIPSTREAM_MAX_TASK_IDLE_MS',
    read: wholeNumber(0, 600_000),
    default: '100',
    group: 'consumer',
    help: 'how long a partition waits for an empty topic, so that topics are merged in time order',
    worker: true,
  },
  retain: {
    flag: '--retain <duration>',
    env: 'TIPSTREAM_RETAIN',
    read: retention,
    default: '90d',
    group: 'consumer',
    help: 'how long a tip is kept after the last of its times: 90d, 2160h or milliseconds; at least 31d',
    worker: true,
  },
  threads: {
    flag: '--threads <number>',
    env: 'TIPSTREAM_THREADS',
    read: wholeNumber(1, 64),
    default: '2',
    group: 'consumer',
    help: 'number of threads that fold partitions',
  },
  ...HTTP_OPTIONS,
  shadow: {
    flag: '--shadow <policy>',
    env: 'TIPSTREAM_SHADOW',
    read: text,
    default: 'off',
    group: 'policy',
    help: 'second policy that scores every decision, such as egreedy-v2; off for none',
  },
  shadowLearning: {
    flag: '--shadow-learning',
    negatedFlag: '--no-shadow-learning',
    env: 'TIPSTREAM_SHADOW_LEARNING',
    read: yesOrNo,
    default: 'false',
    group: 'policy',
    help: 'let the shadow learn from the served candidates',
  },
  epsilon: {
    flag: '--epsilon <number>',
    env: 'TIPSTREAM_EPSILON',
    read: fraction,
    default: '0.1',
    group: 'policy',
    help: 'share of decisions that explore, from 0 to 1',
  },
  epsilonDecay: {
    flag: '--epsilon-decay <number>',
    env: 'TIPSTREAM_EPSILON_DECAY',
    read: notNegative,
    default: '0',
    group: 'policy',
    help: 'epsilon is at most this / rewarded decisions of the user; 0 for a constant one',
  },
  epsilonMin: {
    flag: '--epsilon-min <number>',
    env: 'TIPSTREAM_EPSILON_MIN',
    read: fraction,
    default: '0',
    group: 'policy',
    help: 'with --epsilon-decay, epsilon does not fall below this',
  },
  salt: {
    flag: '--salt <text>',
    env: 'TIPSTREAM_SALT',
    read: textOf({ max: 128 }),
    default: '0',
    group: 'policy',
    help: 'salt of the draw of every decision',
  },
  tipPromptVersion: {
    flag: '--tip-prompt-version <list>',
    env: 'TIP_PROMPT_VERSION',
    read: nameList,
    group: 'gateway',
    help:
      'prompt versions that decisions rotate over, as v1,v2; each decision keeps its version, ' +
      'and a version named in the request takes precedence',
  },
  defaultPromptVersion: {
    flag: '--default-prompt-version <name>',
    env: 'DEFAULT_PROMPT_VERSION',
    read: text,
    default: 'v1',
    group: 'gateway',
    help: 'prompt version when neither the request nor --tip-prompt-version names one',
  },
  // Secret, so that one which is refused for the password in it is not printed.
  gatewayUrl: {
    flag: '--gateway-url <url>',
    env: 'TIPSTREAM_GATEWAY_URL',
    read: gatewayUrl,
    group: 'gateway',
    secret: true,
    help:
      'base URL of the OpenAI-compatible API for POST /generate, such as https://gateway.example/v1; ' +
      'without it, the answer is gateway_not_configured',
  },
  gatewayKey: {
    flag: '--gateway-key <text>',
    env: 'TIPSTREAM_GATEWAY_KEY',
    read: headerToken,
    group: 'gateway',
    secret: true,
    help: 'bearer token for the gateway; set it in the environment',
  },
  gatewayModel: {
    flag: '--gateway-model <name>',
    env: 'TIPSTREAM_GATEWAY_MODEL',
    read: text,
    group: 'gateway',
    help: 'model to request; required with --gateway-url',
  },
  gatewayTimeoutMs: {
    flag: '--gateway-timeout-ms <number>',
    env: 'TIPSTREAM_GATEWAY_TIMEOUT_MS',
    read: wholeNumber(1, 300_000),
    default: '30000',
    group: 'gateway',
    help: 'how long one POST /generate waits for the gateway, including retries',
  },
  gatewayRetries: {
    flag: '--gateway-retries <number>',
    env: 'TIPSTREAM_GATEWAY_RETRIES',
    read: wholeNumber(0, 10),
    default: '2',
    group: 'gateway',
    help: 'number of retries after a connection error, 429 or 5xx',
  },
  guardrail: {
    flag: '--guardrail',
    negatedFlag: '--no-guardrail',
    env: 'TIPSTREAM_GUARDRAIL',
    read: yesOrNo,
    default: 'true',
    group: 'start',
    help: 'roll a promotion back automatically when its rewards are clearly lower than those of the previous policy',
  },
  quality: {
    flag: '--quality',
    negatedFlag: '--no-quality',
    env: 'TIPSTREAM_QUALITY',
    read: yesOrNo,
    default: 'true',
    group: 'start',
    help: 'look at data quality every few minutes, for GET /v1/data-quality, metrics and the page',
  },
  automaticBaseline: {
    flag: '--automatic-baseline',
    env: 'TIPSTREAM_AUTOMATIC_BASELINE',
    read: yesOrNo,
    default: 'false',
    group: 'start',
    help: 'where there is no baseline of data quality, store one once 30-day windows are full and 100 users are known',
  },
  untilCaughtUp: {
    flag: '--until-caught-up',
    env: 'TIPSTREAM_UNTIL_CAUGHT_UP',
    read: yesOrNo,
    default: 'false',
    group: 'start',
    help: 'apply and publish everything up to the ends of the log at start, then exit',
  },
  startTimeoutMs: {
    flag: '--start-timeout-ms <number>',
    env: 'TIPSTREAM_START_TIMEOUT_MS',
    read: wholeNumber(1, 86_400_000),
    default: '60000',
    group: 'start',
    help: 'how long start tries to reach the log and to join the group, and how long --until-caught-up waits for a log that went away',
  },
  publishProfiles: {
    flag: '--publish-profiles',
    negatedFlag: '--no-publish-profiles',
    env: 'TIPSTREAM_PUBLISH_PROFILES',
    read: yesOrNo,
    default: 'true',
    group: 'start',
    help: 'publish changed profiles to profile.features',
    worker: true,
  },
  logLevel: {
    flag: '--log-level <level>',
    env: 'TIPSTREAM_LOG_LEVEL',
    default: 'info',
    group: 'start',
    read: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be trace, debug, info, warn, error, fatal or silent'),
    help: 'trace, debug, info, warn, error, fatal or silent',
  },
} as const satisfies Record<string, OptionDefinition>;
