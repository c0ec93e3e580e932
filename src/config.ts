/**
 * Every option, once: its flag, environment variable, default, help and group. The CLI's flags, the configuration of the service and the
 * reference in the docs come from this table. A flag beats the environment, which beats the default.
 */
import { z } from 'zod';
import { DEFAULT_MAX_MESSAGE_BYTES } from './topics.js';
import { UsageError } from './usage-error.js';

/** Which commands take an option: a command names its groups. */
export const OPTION_GROUPS = {
  log: 'Log options',
  kafka: 'Kafka options',
  events: 'Event options',
  consumer: 'Consumer options',
  http: 'HTTP options',
  policy: 'Policy options',
  gateway: 'Prompt and gateway options',
  start: 'Start options',
} as const;
export type OptionGroup = keyof typeof OPTION_GROUPS;

const text = z.string().min(1, { error: 'must not be empty' });
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, { error: `must be a whole number from ${min} to ${max}` })
    .transform(Number)
    .pipe(
      z
        .number()
        .min(min, { error: `must be at least ${min}` })
        .max(max, { error: `must be at most ${max}` }),
    );
const fraction = z
  .string()
  .regex(/^\d*\.?\d+$/, { error: 'must be a number from 0 to 1' })
  .transform(Number)
  .pipe(z.number().max(1, { error: 'must be a number from 0 to 1' }));
const yesOrNo = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'], { error: 'must be true or false' })
  .transform((word) => ['true', '1', 'yes'].includes(word));
const brokerList = text
  .transform((list) =>
    list
      .split(',')
      .map((broker) => broker.trim())
      .filter((broker) => broker !== ''),
  )
  .pipe(
    z
      .array(z.string().regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+)(:\d{1,5})?$/, { error: 'must be HOST:PORT,HOST:PORT' }))
      .min(1, { error: 'must name a broker' }),
  )
  .transform((brokers) => brokers.map((broker) => (/:\d+$/.test(broker) ? broker : `${broker}:9092`)));
const DURATION_UNITS_MS = { d: 86_400_000, h: 3_600_000, ms: 1 } as const;
/** The window of profiles, which looks back 30 days, must fit with a day to spare. */
const LEAST_RETENTION_MS = 31 * DURATION_UNITS_MS.d;
const LONGEST_RETENTION_MS = 36_500 * DURATION_UNITS_MS.d;
/** `90d`, `2160h` or whole milliseconds, into milliseconds. */
const retention = z
  .string()
  .regex(/^\d{1,15}(d|h|ms)?$/, { error: 'must be a duration such as 90d, 2160h or 7776000000 (milliseconds)' })
  .transform((duration) => {
    const [, digits, unit] = /^(\d+)(d|h|ms)?$/.exec(duration)!;
    return Number(digits) * DURATION_UNITS_MS[(unit as keyof typeof DURATION_UNITS_MS | undefined) ?? 'ms'];
  })
  .pipe(
    z
      .number()
      .min(LEAST_RETENTION_MS, { error: 'must be at least 31d: profiles look back 30 days' })
      .max(LONGEST_RETENTION_MS, { error: 'must be at most 36500d' }),
  );
const headerToken = z.string().regex(/^[\x21-\x7e]+$/, { error: 'must be visible ASCII characters without spaces' });
const nameList = text
  .transform((list) => list.split(',').map((name) => name.trim()))
  .pipe(z.array(z.string().min(1, { error: 'must be NAME,NAME' })));
/** Without a slash at its end. */
const gatewayUrl = z.string().transform((address, context): string => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  )
    return url.href.replace(/\/+$/, '');
  context.addIssue({
    code: 'custom',
    message: 'must be an http or https URL without a user, a query or a fragment, such as https://gateway.example/v1',
  });
  return z.NEVER;
});
const topicPrefix = z.string().regex(/^[A-Za-z0-9._-]{0,180}$/, { error: 'must consist of letters, digits, ".", "_" and "-"' });

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}
/** null: no HTTP (off, or --no-http). Port 0 takes any free one. */
const httpAddress = z.string().transform((address, context): HttpAddress | null => {
  if (address === 'off' || address === 'false') return null;
  const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(address);
  if (parts === null || Number(parts[3]) > 65_535) {
    context.addIssue({ code: 'custom', message: 'must be HOST:PORT, such as 127.0.0.1:8080' });
    return z.NEVER;
  }
  return { host: (parts[1] ?? parts[2])!, port: Number(parts[3]) };
});

interface OptionDefinition {
  /** As in help: `--name <what>`, or `--name` alone for a switch. */
  readonly flag: string;
  /** A second flag that stands for the value 'off' or 'false'. */
  readonly negatedFlag?: string;
  readonly env: string;
  /** Turns the text of a flag, variable or default into the value. */
  readonly schema: z.ZodType<unknown, string>;
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
    schema: text,
    default: './data',
    group: 'log',
    help: 'directory of the embedded log and of the state files',
  },
  log: {
    flag: '--log <kind>',
    env: 'TIPSTREAM_LOG',
    schema: z.enum(['sqlite', 'kafka'], { error: 'must be sqlite or kafka' }),
    group: 'log',
    help: 'sqlite (embedded) or kafka; default: kafka when brokers are given, else sqlite',
  },
  brokers: {
    flag: '--brokers <list>',
    env: 'KAFKA_BROKERS',
    schema: brokerList,
    group: 'log',
    help: 'Kafka brokers, as HOST:PORT,HOST:PORT',
  },
  topicPrefix: {
    flag: '--topic-prefix <text>',
    env: 'TIPSTREAM_TOPIC_PREFIX',
    schema: topicPrefix,
    default: '',
    group: 'log',
    help: 'prefix of every topic name: with "signals.", tip.served is signals.tip.served',
    worker: true,
  },
  partitions: {
    flag: '--partitions <number>',
    env: 'TIPSTREAM_PARTITIONS',
    schema: wholeNumber(1, 1_000),
    default: '4',
    group: 'log',
    help: 'number of partitions of topics that are created; fixed from then on',
  },
  kafkaSsl: {
    flag: '--kafka-ssl',
    env: 'TIPSTREAM_KAFKA_SSL',
    schema: yesOrNo,
    default: 'false',
    group: 'kafka',
    help: 'use TLS; implied by each of the three files below',
  },
  kafkaCa: {
    flag: '--kafka-ca <file>',
    env: 'TIPSTREAM_KAFKA_CA',
    schema: text,
    group: 'kafka',
    help: 'PEM file of the certificate authority to trust',
  },
  kafkaCert: {
    flag: '--kafka-cert <file>',
    env: 'TIPSTREAM_KAFKA_CERT',
    schema: text,
    group: 'kafka',
    help: 'PEM file of the client certificate',
  },
  kafkaKey: {
    flag: '--kafka-key <file>',
    env: 'TIPSTREAM_KAFKA_KEY',
    schema: text,
    group: 'kafka',
    help: "PEM file of the client certificate's key",
  },
  kafkaSaslMechanism: {
    flag: '--kafka-sasl-mechanism <name>',
    env: 'TIPSTREAM_KAFKA_SASL_MECHANISM',
    group: 'kafka',
    schema: z.enum(['plain', 'scram-sha-256', 'scram-sha-512'], { error: 'must be plain, scram-sha-256 or scram-sha-512' }),
    help: 'plain, scram-sha-256 or scram-sha-512',
  },
  kafkaUsername: { flag: '--kafka-username <name>', env: 'TIPSTREAM_KAFKA_USERNAME', schema: text, group: 'kafka', help: 'SASL user' },
  kafkaPassword: {
    flag: '--kafka-password <text>',
    env: 'TIPSTREAM_KAFKA_PASSWORD',
    schema: text,
    group: 'kafka',
    secret: true,
    help: 'SASL password; set it in the environment',
  },
  kafkaClientId: {
    flag: '--kafka-client-id <name>',
    env: 'TIPSTREAM_KAFKA_CLIENT_ID',
    schema: text,
    default: 'tipstream',
    group: 'kafka',
    help: "client id in the brokers' logs and quotas",
  },
  partitioner: {
    flag: '--partitioner <name>',
    env: 'TIPSTREAM_PARTITIONER',
    default: 'murmur2',
    group: 'events',
    schema: z.enum(['murmur2', 'crc32', 'any'], { error: 'must be murmur2, crc32 or any' }),
    help: "how producers partition keys: murmur2 (Java and kafkajs), crc32 (librdkafka's consistent), any (no check)",
    worker: true,
  },
  maxValueBytes: {
    flag: '--max-value-bytes <number>',
    env: 'TIPSTREAM_MAX_VALUE_BYTES',
    group: 'events',
    schema: wholeNumber(1_024, DEFAULT_MAX_MESSAGE_BYTES),
    default: '1048576',
    help: 'maximum size of the value of an event; larger events are refused',
    worker: true,
  },
  group: {
    flag: '--group <name>',
    env: 'TIPSTREAM_GROUP',
    schema: text.max(200),
    default: 'tipstream',
    group: 'consumer',
    help: 'consumer group',
    worker: true,
  },
  maxBatchRecords: {
    flag: '--max-batch-records <number>',
    env: 'TIPSTREAM_MAX_BATCH_RECORDS',
    schema: wholeNumber(1, 1_000_000),
    default: '50000',
    group: 'consumer',
    help: 'maximum number of records that are folded in one transaction',
    worker: true,
  },
  maxTaskIdleMs: {
    flag: '--max-task-idle-ms <number>',
    env: 'TIPSTREAM_MAX_TASK_IDLE_MS',
    schema: wholeNumber(0, 600_000),
    default: '100',
    group: 'consumer',
    help: 'how long a partition waits for an empty topic, so that topics are merged in time order',
    worker: true,
  },
  retain: {
    flag: '--retain <duration>',
    env: 'TIPSTREAM_RETAIN',
    schema: retention,
    default: '90d',
    group: 'consumer',
    help: 'how long a tip is kept after the last of its times: 90d, 2160h or milliseconds; at least 31d',
    worker: true,
  },
  threads: {
    flag: '--threads <number>',
    env: 'TIPSTREAM_THREADS',
    schema: wholeNumber(1, 64),
    default: '2',
    group: 'consumer',
    help: 'number of threads that fold partitions',
  },
  http: {
    flag: '--http <host:port>',
    negatedFlag: '--no-http',
    env: 'TIPSTREAM_HTTP',
    schema: httpAddress,
    default: '127.0.0.1:8080',
    group: 'http',
    help: 'address of the HTTP API; off turns it off',
  },
  httpToken: {
    flag: '--http-token <text>',
    env: 'TIPSTREAM_HTTP_TOKEN',
    schema: text,
    group: 'http',
    secret: true,
    help: 'bearer token that HTTP callers must send; set it in the environment',
  },
  shadow: {
    flag: '--shadow <policy>',
    env: 'TIPSTREAM_SHADOW',
    schema: text,
    default: 'off',
    group: 'policy',
    help: 'second policy that scores every decision, such as egreedy-v2; off for none',
  },
  shadowLearning: {
    flag: '--shadow-learning',
    negatedFlag: '--no-shadow-learning',
    env: 'TIPSTREAM_SHADOW_LEARNING',
    schema: yesOrNo,
    default: 'false',
    group: 'policy',
    help: 'let the shadow learn from the served candidates',
  },
  epsilon: {
    flag: '--epsilon <number>',
    env: 'TIPSTREAM_EPSILON',
    schema: fraction,
    default: '0.1',
    group: 'policy',
    help: 'share of decisions that explore, from 0 to 1',
  },
  salt: {
    flag: '--salt <text>',
    env: 'TIPSTREAM_SALT',
    schema: z.string().max(128, { error: 'must be at most 128 characters' }),
    default: '0',
    group: 'policy',
    help: 'salt of the draw of every decision',
  },
  tipPromptVersion: {
    flag: '--tip-prompt-version <list>',
    env: 'TIP_PROMPT_VERSION',
    schema: nameList,
    group: 'gateway',
    help:
      'prompt versions that decisions rotate over, as v1,v2; each decision keeps its version, ' +
      'and a version named in the request takes precedence',
  },
  defaultPromptVersion: {
    flag: '--default-prompt-version <name>',
    env: 'DEFAULT_PROMPT_VERSION',
    schema: text,
    default: 'v1',
    group: 'gateway',
    help: 'prompt version when neither the request nor --tip-prompt-version names one',
  },
  // Secret, so that one which is refused for the password in it is not printed.
  gatewayUrl: {
    flag: '--gateway-url <url>',
    env: 'TIPSTREAM_GATEWAY_URL',
    schema: gatewayUrl,
    group: 'gateway',
    secret: true,
    help:
      'base URL of the OpenAI-compatible API for POST /generate, such as https://gateway.example/v1; ' +
      'without it, the answer is gateway_not_configured',
  },
  gatewayKey: {
    flag: '--gateway-key <text>',
    env: 'TIPSTREAM_GATEWAY_KEY',
    schema: headerToken,
    group: 'gateway',
    secret: true,
    help: 'bearer token for the gateway; set it in the environment',
  },
  gatewayModel: {
    flag: '--gateway-model <name>',
    env: 'TIPSTREAM_GATEWAY_MODEL',
    schema: text,
    group: 'gateway',
    help: 'model to request; required with --gateway-url',
  },
  gatewayTimeoutMs: {
    flag: '--gateway-timeout-ms <number>',
    env: 'TIPSTREAM_GATEWAY_TIMEOUT_MS',
    schema: wholeNumber(1, 300_000),
    default: '30000',
    group: 'gateway',
    help: 'how long one POST /generate waits for the gateway, including retries',
  },
  gatewayRetries: {
    flag: '--gateway-retries <number>',
    env: 'TIPSTREAM_GATEWAY_RETRIES',
    schema: wholeNumber(0, 10),
    default: '2',
    group: 'gateway',
    help: 'number of retries after a connection error, 429 or 5xx',
  },
  guardrail: {
    flag: '--guardrail',
    negatedFlag: '--no-guardrail',
    env: 'TIPSTREAM_GUARDRAIL',
    schema: yesOrNo,
    default: 'true',
    group: 'start',
    help: 'roll a promotion back automatically when its rewards are clearly lower than those of the previous policy',
  },
  untilCaughtUp: {
    flag: '--until-caught-up',
    env: 'TIPSTREAM_UNTIL_CAUGHT_UP',
    schema: yesOrNo,
    default: 'false',
    group: 'start',
    help: 'apply and publish everything up to the ends of the log at start, then exit',
  },
  publishProfiles: {
    flag: '--publish-profiles',
    negatedFlag: '--no-publish-profiles',
    env: 'TIPSTREAM_PUBLISH_PROFILES',
    schema: yesOrNo,
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
    schema: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      error: 'must be trace, debug, info, warn, error, fatal or silent',
    }),
    help: 'trace, debug, info, warn, error, fatal or silent',
  },
} as const satisfies Record<string, OptionDefinition>;

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

type OptionValue<Name extends OptionName> =
  z.output<(typeof OPTIONS)[Name]['schema']> | ((typeof OPTIONS)[Name] extends { readonly default: string } ? never : undefined);

export type Config = { readonly [Name in Exclude<OptionName, 'log'>]: OptionValue<Name> } & {
  readonly log: 'sqlite' | 'kafka';
  /** Options that a flag or a variable gave. */
  readonly given: ReadonlySet<OptionName>;
};

type WorkerOptionName = { [Name in OptionName]: (typeof OPTIONS)[Name] extends { readonly worker: true } ? Name : never }[OptionName];
/** The options that a partition's worker is given as they are. */
export type WorkerConfig = Pick<Config, WorkerOptionName>;
export const WORKER_OPTION_NAMES = OPTION_NAMES.filter((name) => (OPTIONS[name] as OptionDefinition).worker === true) as WorkerOptionName[];

/** Option name -> what the command line gave: text, true for a switch, false for a negated flag. */
export type Flags = Readonly<Partial<Record<string, unknown>>>;
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the options of the groups from flags and environment; options of other groups keep their defaults, so that a variable which a
 * command does not use cannot break it. Throws UsageError naming the flag or the variable.
 */
export function loadConfig(
  flags: Flags,
  env: Environment,
  groups: readonly OptionGroup[] = Object.keys(OPTION_GROUPS) as OptionGroup[],
): Config {
  const values: Record<string, unknown> = {};
  const sources = new Map<OptionName, 'flag' | 'env'>();
  for (const name of OPTION_NAMES) {
    const option: OptionDefinition = OPTIONS[name];
    const used = groups.includes(option.group);
    const flag = used ? flagText(flags[name]) : undefined;
    const variable = used ? env[option.env] || undefined : undefined;
    if (flag !== undefined) sources.set(name, 'flag');
    else if (variable !== undefined) sources.set(name, 'env');
    const raw = flag ?? variable ?? option.default;
    values[name] = raw === undefined ? undefined : parse(raw, option, flag === undefined ? option.env : flagName(option));
  }
  values.log = chooseLog(values as Partial<Config>, sources);
  const config = { ...values, given: new Set(sources.keys()) } as unknown as Config;
  if (config.log === 'kafka' && config.brokers === undefined) {
    throw new UsageError('--log kafka needs to know the brokers', { hint: 'give --brokers HOST:PORT or set KAFKA_BROKERS' });
  }
  if (config.kafkaSaslMechanism !== undefined && (config.kafkaUsername === undefined || config.kafkaPassword === undefined)) {
    throw new UsageError('--kafka-sasl-mechanism needs a user and a password', {
      hint: 'give --kafka-username and set TIPSTREAM_KAFKA_PASSWORD',
    });
  }
  if (config.gatewayUrl !== undefined && config.gatewayModel === undefined) {
    throw new UsageError('--gateway-url needs a model', { hint: 'give --gateway-model or set TIPSTREAM_GATEWAY_MODEL' });
  }
  return config;
}

/** `--data <dir>` -> --data */
export function flagName(option: Pick<OptionDefinition, 'flag'>): string {
  return option.flag.split(' ', 1)[0]!;
}

function flagText(flag: unknown): string | undefined {
  if (flag === undefined) return undefined;
  if (typeof flag === 'boolean') return flag ? 'true' : 'false';
  return String(flag);
}

function parse(raw: string, option: OptionDefinition, source: string): unknown {
  const result = option.schema.safeParse(raw);
  if (result.success) return result.data;
  const shown = option.secret || raw === '' ? '' : `, not ${JSON.stringify(raw.slice(0, 100))}`;
  throw new UsageError(`${source} ${result.error.issues[0]!.message}${shown}`);
}

/** Said outright wins; else brokers mean Kafka. A flag of either kind beats variables of both. */
function chooseLog(values: Partial<Config>, sources: ReadonlyMap<OptionName, 'flag' | 'env'>): 'sqlite' | 'kafka' {
  for (const source of ['flag', 'env'] as const) {
    if (sources.get('log') === source) return values.log!;
    if (sources.get('brokers') === source) return 'kafka';
  }
  return 'sqlite';
}
