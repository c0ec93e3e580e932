/** Reads the options of the table from flags and environment. A flag beats the environment, which beats the default. */
import { UsageError } from './errors.js';
import { OPTION_GROUPS, OPTIONS, type OptionDefinition, type OptionGroup } from './option-table.js';
import { NotAValue } from './option-values.js';

export { OPTION_GROUPS, OPTIONS, type OptionGroup } from './option-table.js';
export type { HttpAddress } from './option-values.js';

export type OptionName = keyof typeof OPTIONS;
export const OPTION_NAMES = Object.keys(OPTIONS) as OptionName[];

type OptionValue<Name extends OptionName> =
  | ReturnType<(typeof OPTIONS)[Name]['read']>
  | ((typeof OPTIONS)[Name] extends { readonly default: string } ? never : undefined);

export type Config = { readonly [Name in Exclude<OptionName, 'log' | 'group'>]: OptionValue<Name> } & {
  readonly log: 'sqlite' | 'kafka';
  readonly group: string;
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
  /** How errors name an option that was given, not read from a variable. */
  nameOf: (name: OptionName) => string = (name) => flagName(OPTIONS[name]),
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
    values[name] = raw === undefined ? undefined : parse(raw, option, flag === undefined ? option.env : nameOf(name));
  }
  values.log = chooseLog(values as Partial<Config>, sources);
  values.group ??= defaultGroup(values.topicPrefix as string);
  const config = { ...values, given: new Set(sources.keys()) } as unknown as Config;
  if (config.log === 'kafka' && config.brokers === undefined) {
    throw new UsageError('--log kafka needs to know the brokers', { hint: 'Give --brokers HOST:PORT or set KAFKA_BROKERS.' });
  }
  if (config.kafkaSaslMechanism !== undefined && (config.kafkaUsername === undefined || config.kafkaPassword === undefined)) {
    throw new UsageError(`${nameOf('kafkaSaslMechanism')} needs a user and a password`, {
      hint: 'Give --kafka-username and set TIPSTREAM_KAFKA_PASSWORD.',
    });
  }
  if (config.schemaRegistryAuth !== undefined && config.schemaRegistry == null && sources.get('schemaRegistryAuth') === 'flag') {
    throw new UsageError(`${nameOf('schemaRegistryAuth')} needs --schema-registry`, { hint: 'Give --schema-registry URL too.' });
  }
  if (config.gatewayUrl !== undefined && config.gatewayModel === undefined) {
    throw new UsageError('--gateway-url needs a model', { hint: 'Give --gateway-model or set TIPSTREAM_GATEWAY_MODEL.' });
  }
  return config;
}

/** Services with other topics are in other groups. */
export function defaultGroup(topicPrefix: string): string {
  return `${topicPrefix}tipstream`;
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
  try {
    return option.read(raw);
  } catch (error) {
    if (!(error instanceof NotAValue)) throw error;
    const shown = option.secret || raw === '' ? '' : `, not ${JSON.stringify(raw.slice(0, 100))}`;
    throw new UsageError(`${source} ${error.message}${shown}`);
  }
}

/** Said outright wins; else brokers mean Kafka. A flag of either kind beats variables of both. */
function chooseLog(values: Partial<Config>, sources: ReadonlyMap<OptionName, 'flag' | 'env'>): 'sqlite' | 'kafka' {
  for (const source of ['flag', 'env'] as const) {
    if (sources.get('log') === source) return values.log!;
    if (sources.get('brokers') === source) return 'kafka';
  }
  return 'sqlite';
}
