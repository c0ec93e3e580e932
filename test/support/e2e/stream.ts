/**
 * One installation of tipstream on a Kafka broker, for one test: its topics behind a prefix of their own, its group, its members and
 * their directories.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';
import { topicSettings } from '../../../src/log/topic-settings.js';
import type { Log, LogRecord, TopicSettings } from '../../../src/log/port.js';
import { CORE_TOPICS, type TopicName } from '../../../src/topics.js';
import { CliWorkspace, type Finished, type RunOptions } from '../cli-process.js';
import { Member } from './member.js';

export interface StreamOptions {
  readonly partitions?: number;
  /** Changes the settings of a topic before it is created; null leaves it out. */
  readonly settings?: (topic: TopicSettings) => TopicSettings | null;
}

export class Stream {
  readonly prefix = `e2e-${randomUUID().slice(0, 8)}.`;
  readonly group = `${this.prefix}group`;
  readonly partitions: number;
  readonly brokers: string;
  /** The tester's own connection. */
  readonly log: Log;
  readonly #workspace = new CliWorkspace();
  #members = 0;

  private constructor(brokers: string, log: Log, partitions: number) {
    this.brokers = brokers;
    this.log = log;
    this.partitions = partitions;
  }

  /** Its topics exist, and everything of it but they ends with the test. */
  static async open(brokers: string, { partitions = 4, settings = (topic) => topic }: StreamOptions = {}): Promise<Stream> {
    const stream = new Stream(brokers, await openKafkaLog({ brokers: [brokers] }), partitions);
    onTestFinished(async () => {
      stream.#workspace.dispose();
      await stream.log.close();
    });
    await stream.createTopics(settings);
    return stream;
  }

  /** Those that are missing, but for the ones for which `settings` answers null. */
  async createTopics(settings: (topic: TopicSettings) => TopicSettings | null): Promise<void> {
    await this.log.createTopics(
      topicSettings(this.prefix, this.partitions)
        .map(settings)
        .filter((topic) => topic !== null),
    );
  }

  /** Full names of what workers read. */
  get inputs(): readonly string[] {
    return CORE_TOPICS.map((topic) => this.topic(topic));
  }

  topic(name: TopicName | `${TopicName}-dlt`): string {
    return this.prefix + name;
  }

  directory(name: string): string {
    return join(this.#workspace.directory, name);
  }

  /** Runs a command to its end, on this stream's Kafka. */
  run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.#workspace.run([...args, '--brokers', this.brokers, '--topic-prefix', this.prefix], options);
  }

  /** Runs a command to its end, as it is given. */
  runPlain(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
    return this.#workspace.run(args, options);
  }

  /** `start` until everything is applied; answers when it has ended. */
  catchUp(directory: string, args: readonly string[] = []): Promise<Finished> {
    return this.run(['start', '--until-caught-up', '--no-http', '--data', this.directory(directory), '--group', this.group, ...args]);
  }

  /** A member of the group that runs until it is told to stop; in a directory of its own unless one is named. */
  start(args: readonly string[] = [], directory = `member-${++this.#members}`): Member {
    const data = this.directory(directory);
    const own = [
      'start',
      '--data',
      data,
      '--group',
      this.group,
      '--http',
      '127.0.0.1:0',
      '--brokers',
      this.brokers,
      '--topic-prefix',
      this.prefix,
    ];
    return new Member(this.#workspace.start([...own, ...args]), data);
  }

  /** Every record of a topic, partition after partition. */
  async records(topic: string): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (const [partition, { low, end }] of await this.log.offsets(topic)) {
      if (low === end) continue;
      for await (const records of this.log.read({ topic, partition, from: low, to: end })) found.push(...records);
    }
    return found;
  }
}
