/** A single KRaft node on loopback, run from Kafka's jars, with its data in a temporary folder. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import kafkajs from 'kafkajs';
import type { BrokerOptions, TestBroker } from './broker.js';

const run = promisify(execFile);
const CLUSTER_ID = 'dGlwc3RyZWFtLXRlc3Rz';
const KEYSTORE_PASSWORD = 'changeit';
const STARTS_WITHIN_MS = 90_000;
const STOPS_WITHIN_MS = 15_000;
/** Quick to start rather than quick to run; a test broker lives for a minute. */
const JVM_FLAGS = ['-Xms128m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'];

interface User {
  readonly username: string;
  readonly password: string;
}

interface Ports {
  readonly plain: number;
  readonly controller: number;
  readonly sasl: number;
  readonly tls: number;
  readonly saslTls: number;
}

export async function startJvmBroker(classPath: string, options: BrokerOptions, user: User): Promise<TestBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'tipstream-kafka-'));
  const [plain, controller, sasl, tls, saslTls] = await freePorts(5);
  const ports = { plain: plain!, controller: controller!, sasl: sasl!, tls: tls!, saslTls: saslTls! };
  const caPath = options.tls === true ? await makeKeystore(folder) : null;
  const propertiesPath = join(folder, 'server.properties');
  await writeFile(propertiesPath, serverProperties(folder, ports, user, { tls: caPath !== null, acls: options.acls === true }));
  const scram = ['256', '512'].flatMap((bits) => ['--add-scram', `SCRAM-SHA-${bits}=[name=${user.username},password=${user.password}]`]);
  const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', propertiesPath, ...scram];
  await run('java', [...JVM_FLAGS, '-cp', classPath, ...format]);

  const brokers = `127.0.0.1:${ports.plain}`;
  let process = await launch(classPath, propertiesPath, brokers, folder);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (process.exitCode !== null || process.signalCode !== null) return;
    const exited = once(process, 'exit');
    process.kill(signal);
    const timer = setTimeout(() => process.kill('SIGKILL'), STOPS_WITHIN_MS);
    await exited;
    clearTimeout(timer);
  };
  return {
    brokers,
    saslBrokers: `127.0.0.1:${ports.sasl}`,
    tls: caPath === null ? null : { brokers: `127.0.0.1:${ports.tls}`, saslBrokers: `127.0.0.1:${ports.saslTls}`, caPath },
    kill: () => end('SIGKILL'),
    freeze: () => void process.kill('SIGSTOP'),
    thaw: () => void process.kill('SIGCONT'),
    restart: async () => {
      process = await launch(classPath, propertiesPath, brokers, folder);
    },
    stop: async () => {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

interface Secured {
  readonly tls: boolean;
  readonly acls: boolean;
}

function serverProperties(folder: string, ports: Ports, user: User, { tls: withTls, acls }: Secured): string {
  const listeners = [
    `PLAINTEXT://127.0.0.1:${ports.plain}`,
    `SASL_PLAINTEXT://127.0.0.1:${ports.sasl}`,
    ...(withTls ? [`SSL://127.0.0.1:${ports.tls}`, `SASL_SSL://127.0.0.1:${ports.saslTls}`] : []),
  ];
  const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const plainModule = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${user.username}="${user.password}";`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${ports.controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: [...listeners, `CONTROLLER://127.0.0.1:${ports.controller}`].join(','),
    'advertised.listeners': listeners.join(','),
    'listener.security.protocol.map': 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL',
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
    ...Object.fromEntries(
      (withTls ? ['sasl_plaintext', 'sasl_ssl'] : ['sasl_plaintext']).flatMap((listener) => [
        [`listener.name.${listener}.plain.sasl.jaas.config`, plainModule],
        [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`, scramModule],
        [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, scramModule],
      ]),
    ),
    ...(withTls
      ? { 'ssl.keystore.location': join(folder, 'keystore.p12'), 'ssl.keystore.password': KEYSTORE_PASSWORD, 'ssl.keystore.type': 'PKCS12' }
      : {}),
    ...(acls
      ? { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': 'User:ANONYMOUS' }
      : {}),
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': false,
    'num.partitions': 1,
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'transaction.state.log.num.partitions': 4,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'group.initial.rebalance.delay.ms': 0,
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'log.initial.task.delay.ms': 500,
    'log.retention.check.interval.ms': 1000,
    'log.cleaner.backoff.ms': 500,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function launch(classPath: string, propertiesPath: string, brokers: string, folder: string): Promise<ChildProcess> {
  const child = spawn('java', [...JVM_FLAGS, '-cp', classPath, 'kafka.Kafka', propertiesPath], { stdio: 'ignore', cwd: folder });
  const endWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', endWithUs);
  child.once('exit', () => process.removeListener('exit', endWithUs));
  const admin = new kafkajs.Kafka({
    brokers: [brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    connectionTimeout: 500,
    retry: { retries: 0 },
  }).admin();
  const deadline = Date.now() + STARTS_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Kafka ended with code ${child.exitCode} while starting`);
    try {
      await admin.connect();
      const { brokers: nodes } = await admin.describeCluster();
      if (nodes.length > 0) return child;
    } catch (error) {
      if (Date.now() > deadline) throw new Error('Kafka did not answer in time', { cause: error });
    } finally {
      await admin.disconnect();
    }
    await delay(150);
  }
}

/** A self-signed certificate for localhost; answers the path of the PEM to trust. */
async function makeKeystore(folder: string): Promise<string> {
  const keystore = ['-keystore', join(folder, 'keystore.p12'), '-storetype', 'PKCS12', '-storepass', KEYSTORE_PASSWORD, '-alias', 'broker'];
  await run('keytool', [
    '-genkeypair',
    ...keystore,
    '-keyalg',
    'RSA',
    '-validity',
    '2',
    '-dname',
    'CN=localhost',
    '-ext',
    'SAN=dns:localhost,ip:127.0.0.1',
  ]);
  const caPath = join(folder, 'ca.pem');
  await run('keytool', ['-exportcert', ...keystore, '-rfc', '-file', caPath]);
  return caPath;
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
