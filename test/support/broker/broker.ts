/**
 * A Kafka broker for tests. In this order: the one that KAFKA_BROKERS names; a Testcontainers one where a Docker engine
 * answers; a single KRaft node from Maven's jars (kafka-jvm.ts). Where none is possible, `startBroker` answers null after a
 * loud warning, so that the tests that need one are skipped - except with CI=true, where a skipped tier would pass for a tested one.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { kafkaClassPath } from './jars.js';
import { startJvmBroker } from './jvm.js';

const run = promisify(execFile);
export const DOCKER_IMAGE = 'apache/kafka:4.1.0';
const DOCKER_ANSWERS_WITHIN_MS = 3000;

export const SASL_USER = { username: 'tester', password: 'tester-secret' } as const;

export interface BrokerOptions {
  /** The test kills or restarts it, or needs its other listeners: nothing but a JVM broker of its own will do. */
  readonly own?: boolean;
  /** Also listen with TLS; needs `own`. */
  readonly tls?: boolean;
  /** SASL_USER may do what ACLs permit, and who connects without SASL everything; needs `own`. */
  readonly acls?: boolean;
}

export interface TestBroker {
  /** host:port */
  readonly brokers: string;
  /** A listener that wants SASL (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; the user is SASL_USER). Own brokers only. */
  readonly saslBrokers: string | null;
  /** A listener with TLS, one that wants SASL too, and the path of the certificate to trust. */
  readonly tls: { readonly brokers: string; readonly saslBrokers: string; readonly caPath: string } | null;
  /** Graceful, and removes its data. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP: it takes connections and answers nothing, until `thaw`. Own brokers only. */
  freeze(): void;
  thaw(): void;
  /** Starts it again on the same ports with the same data; resolves when it answers. */
  restart(): Promise<void>;
}

export async function startBroker(options: BrokerOptions = {}): Promise<TestBroker | null> {
  const named = process.env['KAFKA_BROKERS'];
  if (named !== undefined && named !== '' && options.own !== true) return borrowed(named);
  if (options.own !== true && (await dockerAnswers())) return startContainer();
  const jars = await kafkaClassPath();
  if ('classPath' in jars) return startJvmBroker(jars.classPath, options, SASL_USER);
  const reason = `No Kafka broker for the tests: set KAFKA_BROKERS, start Docker, or install ${jars.missing}`;
  if (process.env['CI'] === 'true') throw new Error(reason);
  console.warn(`\n!!! SKIPPING KAFKA TESTS. ${reason}\n`);
  return null;
}

function borrowed(brokers: string): TestBroker {
  const refuse = (): Promise<never> => Promise.reject(new Error('this broker is not ours to kill'));
  return {
    brokers,
    saslBrokers: null,
    tls: null,
    stop: () => Promise.resolve(),
    kill: refuse,
    restart: refuse,
    freeze: noFreeze,
    thaw: noFreeze,
  };
}

function noFreeze(): never {
  throw new Error('ask for an own broker to freeze it');
}

async function dockerAnswers(): Promise<boolean> {
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { timeout: DOCKER_ANSWERS_WITHIN_MS });
    return true;
  } catch {
    return false;
  }
}

async function startContainer(): Promise<TestBroker> {
  const { KafkaContainer } = await import('@testcontainers/kafka');
  const container = await new KafkaContainer(DOCKER_IMAGE)
    .withEnvironment({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    })
    .start();
  const refuse = (): Promise<never> => Promise.reject(new Error('ask for an own broker to kill or restart it'));
  return {
    brokers: `${container.getHost()}:${container.getMappedPort(9093)}`,
    saslBrokers: null,
    tls: null,
    stop: async () => void (await container.stop()),
    kill: refuse,
    restart: refuse,
    freeze: noFreeze,
    thaw: noFreeze,
  };
}
