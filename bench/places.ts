/**
 * Where a benchmark's events lie: a folder for the embedded log, a broker and a prefix for Kafka. Filled once, read by every run,
 * removed at the end.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { openKafkaLog } from '../src/log/kafka/kafka-log.js';
import { openSqliteLog } from '../src/log/sqlite/index.js';
import type { Log } from '../src/log/port.js';
import { startBroker } from '../test/support/broker/broker.js';
import { closedAfter } from './closed-after.js';
import type { EventMix } from './events.js';
import { loadEvents, type Loaded } from './load.js';

export interface Place {
  readonly kind: 'kafka' | 'embedded';
  readonly prefix: string;
  /** host:port; null for the embedded log. */
  readonly brokers: string | null;
  readonly loaded: Loaded;
  /** The data directory of the newest run. */
  readonly data: string;
  open(): Promise<Log>;
  /** Nothing has been folded; answers the options that point the service here. */
  fresh(): Promise<readonly string[]>;
  /** As the last run left it. */
  again(): readonly string[];
  remove(): Promise<void>;
}

const newFolder = () => mkdtemp(join(tmpdir(), 'tipstream-bench-'));

export async function embeddedPlace(partitions: number, mix: EventMix, batch?: number): Promise<Place> {
  const data = await newFolder();
  // The events are made again if the machine goes down, so filling need not wait for the disk.
  const log = await openSqliteLog({ directory: data, synchronous: 'normal' });
  const loaded = await closedAfter(loadEvents(log, '', partitions, mix, batch), () => log.close());
  const args = ['--log', 'sqlite', '--data', data];
  return {
    kind: 'embedded',
    prefix: '',
    brokers: null,
    loaded,
    data,
    open: () => openSqliteLog({ directory: data }),
    fresh: async () => {
      await rm(join(data, 'state'), { recursive: true, force: true });
      return args;
    },
    again: () => args,
    remove: () => rm(data, { recursive: true, force: true }),
  };
}

/** null, after a loud warning, where no broker is possible. */
export async function kafkaPlace(partitions: number, mix: EventMix, batch?: number): Promise<Place | null> {
  const broker = await withServerJvm(() => startBroker());
  if (broker === null) return null;
  const { brokers } = broker;
  const prefix = `bench-${randomUUID().slice(0, 8)}.`;
  const base = await newFolder();
  let run = 0;
  const data = () => join(base, `run-${run}`);
  const args = () => ['--brokers', brokers, '--topic-prefix', prefix, '--group', `${prefix}run-${run}`, '--data', data()];
  const remove = async () => {
    if (process.env.KAFKA_BROKERS) await deleteTopics(brokers, prefix);
    await broker.stop();
    await rm(base, { recursive: true, force: true });
  };
  try {
    const log = await openKafkaLog({ brokers: [brokers] });
    const loaded = await closedAfter(loadEvents(log, prefix, partitions, mix, batch), () => log.close());
    return {
      kind: 'kafka',
      prefix,
      brokers,
      loaded,
      get data() {
        return data();
      },
      open: () => openKafkaLog({ brokers: [brokers] }),
      fresh: async () => {
        await rm(data(), { recursive: true, force: true });
        run++;
        return args();
      },
      again: args,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Tests start their broker to live for a minute; here it is to run as it would run for a month. Named brokers are not ours to set up. */
async function withServerJvm<T>(work: () => Promise<T>): Promise<T> {
  const before = process.env._JAVA_OPTIONS;
  process.env._JAVA_OPTIONS = '-XX:TieredStopAtLevel=4 -Xmx1g';
  try {
    return await work();
  } finally {
    if (before === undefined) delete process.env._JAVA_OPTIONS;
    else process.env._JAVA_OPTIONS = before;
  }
}

async function deleteTopics(brokers: string, prefix: string): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers: [brokers], logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(prefix));
  if (topics.length > 0) await admin.deleteTopics({ topics });
  await admin.disconnect();
}
