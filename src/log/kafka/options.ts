/** How to reach Kafka: tipstream's options, checked, in kafkajs' terms. */
import type { ConnectionOptions } from 'node:tls';
import type { KafkaConfig, LogEntry, SASLOptions } from 'kafkajs';
import { TipstreamError } from '../../errors.js';
import { readNamed } from '../../named-file.js';

export interface KafkaTlsOptions {
  /** PEM file paths. */
  readonly caPath?: string;
  readonly certPath?: string;
  readonly keyPath?: string;
}

export interface KafkaSaslOptions {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFunction = (level: LogLevel, message: string, fields: Readonly<Record<string, unknown>>) => void;

export interface KafkaLogOptions {
  /** host:port each. */
  readonly brokers: readonly string[];
  readonly clientId?: string;
  /** true: TLS with the system's certificate authorities. */
  readonly ssl?: boolean | KafkaTlsOptions;
  readonly sasl?: KafkaSaslOptions;
  readonly log?: LogFunction;
  /** How long to wait for the first answers; as long as requests take unless given. */
  readonly connectsWithinMs?: number;
}

export type ConnectionConfig = Omit<KafkaConfig, 'brokers'> & { readonly brokers: string[] };

/**
 * kafkajs' settings that all its clients share; those of time survived a broker killed for 30 s with nothing lost or repeated. Throws
 * invalid_argument, and not_found for a TLS file that cannot be read.
 */
export async function connectionConfig(options: KafkaLogOptions): Promise<ConnectionConfig> {
  if (options.brokers.length === 0)
    throw new TipstreamError('invalid_argument', 'No Kafka brokers were named', { hint: 'Give --brokers HOST:PORT.' });
  for (const broker of options.brokers) {
    if (!/^[^:\s]+:\d{1,5}$/.test(broker)) {
      throw new TipstreamError('invalid_argument', `Broker ${JSON.stringify(broker)} is not of the form HOST:PORT`, {
        details: { broker },
      });
    }
  }
  return {
    brokers: [...options.brokers],
    clientId: options.clientId ?? 'tipstream',
    connectionTimeout: 1000,
    ...(options.ssl === undefined || options.ssl === false ? {} : { ssl: options.ssl === true ? true : await tlsOptions(options.ssl) }),
    ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl } as SASLOptions }),
  };
}

async function tlsOptions({ caPath, certPath, keyPath }: KafkaTlsOptions): Promise<ConnectionOptions> {
  if ((certPath === undefined) !== (keyPath === undefined)) {
    throw new TipstreamError('invalid_argument', 'A TLS client certificate and its key go together', { hint: 'Give both or neither.' });
  }
  return {
    ...(caPath === undefined ? {} : { ca: [await readPem(caPath)] }),
    ...(certPath === undefined ? {} : { cert: await readPem(certPath) }),
    ...(keyPath === undefined ? {} : { key: await readPem(keyPath) }),
  };
}

function readPem(path: string): Promise<Buffer> {
  return readNamed(path, { hint: 'Name a PEM file that this user may read, with --kafka-ca, --kafka-cert or --kafka-key.' });
}

/**
 * kafkajs logs every retry as an error; what tipstream cannot mend it reports itself. So its errors and warnings become
 * warnings, its news debug lines.
 */
export function logCreatorFor(log: LogFunction | undefined): () => (entry: LogEntry) => void {
  return () => (entry) => {
    const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...fields } = entry.log;
    // A refused request is also thrown at whoever made it, and some are questions: whether a topic exists.
    const thrown = message.startsWith('Response ');
    const warning = !thrown && (entry.label === 'ERROR' || entry.label === 'WARN');
    log?.(warning ? 'warn' : 'debug', `kafkajs: ${message}`, { ...fields, namespace: entry.namespace });
  };
}
