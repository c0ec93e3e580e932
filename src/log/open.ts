/** The log that the configuration names. The implementations are loaded when asked for: most commands need one of them. */
import type { Config } from '../config.js';
import type { KafkaLogOptions, LogFunction } from './kafka/options.js';
import type { Log } from './port.js';

export interface OpenLogOptions {
  /** The embedded log must exist, and takes no appends. Kafka makes no difference. */
  readonly readOnly?: boolean;
  /** Where the Kafka client's news go; nowhere unless given. */
  readonly log?: LogFunction;
}

/** Throws no_data, log_unavailable, log_failed. Close it when done. */
export async function openLog(config: Config, { readOnly = false, log }: OpenLogOptions = {}): Promise<Log> {
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
    clientId: config.kafkaClientId,
    ssl: withFiles ? files : config.kafkaSsl,
    ...(kafkaSaslMechanism === undefined
      ? {}
      : { sasl: { mechanism: kafkaSaslMechanism, username: kafkaUsername ?? '', password: kafkaPassword ?? '' } }),
  };
}
