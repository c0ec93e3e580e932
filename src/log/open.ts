/** The log that the configuration names. The implementations are loaded when asked for: most commands need one of them. */
import type { Config } from '../config.js';
import type { KafkaLogOptions, LogFunction } from './kafka/options.js';
import { withDeadlines } from './deadline.js';
import type { Log } from './port.js';

export interface OpenLogOptions {
  /** The embedded log must exist, and takes no appends. Kafka makes no difference. */
  readonly readOnly?: boolean;
  /** The log's calls take as long as they take, for a service that tries again by itself; only opening it has an end. */
  readonly patient?: boolean;
  /** Where the Kafka client's news go; nowhere unless given. */
  readonly log?: LogFunction;
}

/** A write, or a piece of what is read, may be large and meet a broker that restarts. */
const TRANSFER_MS = 30_000;
/** Of a request's patience, so that it is told of the registry before it is told that the log is late. */
const REGISTRY_SHARE = 0.7;

/** Every wait for the log has an end, that for new records excepted. Throws no_data, log_unavailable, log_failed. Close it when done. */
export async function openLog(config: Config, options: OpenLogOptions = {}): Promise<Log> {
  const log = await openEither(config, options);
  const questionMs = config.logTimeoutMs;
  const transferMs = Math.max(questionMs, TRANSFER_MS);
  if (options.patient === true) return decoding(log, config, questionMs * REGISTRY_SHARE, options.log);
  return decoding(withDeadlines(log, { questionMs, transferMs, where: placeOf(config) }), config, transferMs, options.log);
}

/** Without a registry, the log itself. */
async function decoding(
  log: Log,
  { schemaRegistry: urls, schemaRegistryAuth: auth }: Config,
  patienceMs: number,
  line?: LogFunction,
): Promise<Log> {
  if (urls == null) return log;
  const { decodingLog } = await import('./schema-registry/decoding-log.js');
  return decodingLog(log, { urls, auth, patienceMs, ...(line === undefined ? {} : { log: line }) });
}

/** As errors name it. */
export function placeOf({ log, brokers = [], data }: Config): string {
  return log === 'kafka' ? `Kafka at ${brokers.join(', ')}` : `the log in ${data}`;
}

async function openEither(config: Config, { readOnly = false, log }: OpenLogOptions): Promise<Log> {
  if (config.log === 'kafka') {
    const { openKafkaLog } = await import('./kafka/kafka-log.js');
    return openKafkaLog({ ...kafkaOptions(config), ...(log ? { log } : {}) });
  }
  const { openSqliteLog } = await import('./sqlite/index.js');
  return openSqliteLog({ directory: config.data, readOnly });
}

function kafkaOptions(config: Config): KafkaLogOptions {
  const { kafkaCa, kafkaCert, kafkaKey, kafkaSaslMechanism, kafkaUsername, kafkaPassword } = config;
  const files = {
    ...(kafkaCa === undefined ? {} : { caPath: kafkaCa }),
    ...(kafkaCert === undefined ? {} : { certPath: kafkaCert }),
    ...(kafkaKey === undefined ? {} : { keyPath: kafkaKey }),
  };
  const withFiles = Object.keys(files).length > 0;
  return {
    brokers: config.brokers ?? [],
    connectsWithinMs: config.logTimeoutMs,
    clientId: config.kafkaClientId,
    ssl: withFiles ? files : config.kafkaSsl,
    ...(kafkaSaslMechanism === undefined
      ? {}
      : { sasl: { mechanism: kafkaSaslMechanism, username: kafkaUsername ?? '', password: kafkaPassword ?? '' } }),
  };
}
