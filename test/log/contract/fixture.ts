/** What the suite asks of the log under test, and the topics, records and waiting that its tests share. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect } from 'vitest';
import { type ErrorCode, TipstreamError } from '../../../src/errors.js';
import type { GroupMember, GroupOptions, Log, LogRecord, NewRecord, ReadRange, TopicSettings } from '../../../src/log/port.js';

export interface LogFixture {
  readonly log: Log;
  /** Closes the log in use and opens the same storage again, as a restart does. */
  reopen(): Promise<Log>;
  /** Closes the log in use and removes what it stored. */
  cleanup(): Promise<void>;
  /**
   * How another process opens the same log: the path of a TypeScript module that exports
   * `openLog(argument: string): Promise<Log>`, and the argument.
   */
  readonly elsewhere: { readonly module: string; readonly argument: string };
  /** Deletes the records below an offset. Absent: the tests of a low end above 0 are skipped. */
  truncateBefore?(topic: string, partition: number, offset: number): Promise<void>;
}

export interface ContractOptions {
  /** An append that is refused wrote none of its records. Default true. */
  readonly atomicAppend?: boolean;
  /** How long one awaited event may take. Default 20 s: a first join on a fresh broker takes 10. */
  readonly patienceMs?: number;
}

const DEFAULT_MAX_MESSAGE_BYTES = 1_048_588;

export class ContractContext {
  readonly atomicAppend: boolean;
  readonly patienceMs: number;
  /** For tests that wait several times. */
  readonly testTimeoutMs: number;
  log!: Log;
  fixture!: LogFixture;
  readonly #members = new Set<GroupMember>();

  constructor(open: () => Promise<LogFixture>, options: ContractOptions) {
    this.atomicAppend = options.atomicAppend ?? true;
    this.patienceMs = options.patienceMs ?? 20_000;
    this.testTimeoutMs = this.patienceMs * 4;
    beforeAll(async () => {
      this.fixture = await open();
      this.log = this.fixture.log;
    }, this.testTimeoutMs);
    afterAll(async () => {
      await this.stopMembers();
      await this.fixture?.cleanup();
    }, this.testTimeoutMs);
  }

  async reopen(): Promise<Log> {
    this.log = await this.fixture.reopen();
    return this.log;
  }

  /** Creates a topic nobody else uses; answers its name. */
  async topic(partitions = 4, settings: Partial<TopicSettings> = {}): Promise<string> {
    const name = `contract.${randomUUID()}`;
    await this.log.createTopics([settingsOf(name, partitions, settings)]);
    return name;
  }

  groupName(): string {
    return `contract-group-${randomUUID()}`;
  }

  /** Joins, and stops the member at the end of the test even if the test failed. */
  async join(options: GroupOptions): Promise<GroupMember> {
    const member = await this.log.join(options);
    this.#members.add(member);
    return member;
  }

  async stopMembers(): Promise<void> {
    const members = [...this.#members];
    this.#members.clear();
    await Promise.all(members.map((member) => member.stop()));
  }

  /** Fails the test when `promise` takes longer than the suite's patience. */
  async within<T>(promise: Promise<T>, what: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`waited ${this.patienceMs} ms for ${what}`)), this.patienceMs);
    });
    try {
      return await Promise.race([promise, limit]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Every record of the partition from an offset to the end it has now. */
  async readAll(topic: string, partition: number, from = 0): Promise<LogRecord[]> {
    const range = (await this.log.offsets(topic)).get(partition);
    if (range === undefined) throw new Error(`no partition ${partition} in ${topic}`);
    return this.collect({ topic, partition, from, to: range.end });
  }

  async collect(range: ReadRange): Promise<LogRecord[]> {
    const records: LogRecord[] = [];
    const reading = async () => {
      for await (const some of this.log.read(range)) records.push(...some);
    };
    await this.within(reading(), `records of ${range.topic}/${range.partition} from ${range.from}`);
    return records;
  }
}

export function settingsOf(name: string, partitions: number, settings: Partial<TopicSettings> = {}): TopicSettings {
  return { name, partitions, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: DEFAULT_MAX_MESSAGE_BYTES, ...settings };
}

export function record(topic: string, partition: number, value: string, extra: Partial<NewRecord> = {}): NewRecord {
  return { topic, partition, key: Buffer.from('key'), value: Buffer.from(value), ...extra };
}

/** count records named `label-0`, `label-1` and so on, all to one partition. */
export function numbered(topic: string, partition: number, count: number, label = 'record'): NewRecord[] {
  return Array.from({ length: count }, (_, index) => record(topic, partition, `${label}-${index}`));
}

export function texts(records: readonly LogRecord[]): string[] {
  return records.map((each) => each.value?.toString() ?? 'tombstone');
}

/** The error the action ends with must carry the code. */
export async function expectCode(action: Promise<unknown>, code: ErrorCode): Promise<TipstreamError> {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TipstreamError);
  expect((error as TipstreamError).code).toBe(code);
  return error as TipstreamError;
}
