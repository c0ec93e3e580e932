/**
 * The log in one SQLite file. Any number of processes may read it and append to it; the members of a group all live in one process,
 * the one that owns the data directory.
 */
import type { Database } from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import type {
  Erasing,
  GroupDescription,
  GroupMember,
  GroupOptions,
  Log,
  LogRecord,
  NewRecord,
  OffsetRange,
  ReadRange,
  RecordAddress,
  TopicDescription,
  TopicSettings,
} from '../port.js';
import { Appender } from './appender.js';
import { ConsumerOffsets } from './consumer-offsets.js';
import { EndWatcher } from './end-watcher.js';
import { asLogFailure, closedLog, readOnlyLog } from './failures.js';
import { LogFile } from './log-file.js';
import { Member } from './member.js';
import type { LogDatabase } from './open-database.js';
import { RecordTable } from './record-table.js';
import { scrubbedByProcess } from './scrub-process.js';
import { scrubbed } from './scrubbed.js';
import { readRange } from './tail.js';
import { checkPartition, checkSettings, TopicTable } from './topic-table.js';
import { type Synchronous, type Write, WriteQueue } from './write-queue.js';

/** What a transaction of `truncateBefore` deletes at most. */
const DELETED_AT_ONCE = 5000;
const COMMIT_BYTES = 64;

export interface SqliteTopicOptions {
  readonly readOnly: boolean;
  readonly synchronous: Synchronous;
  readonly pollIntervalMs: number;
  /** Unix ms. */
  readonly clock: () => number;
  readonly rewrittenBy: 'process' | 'caller';
}

export class SqliteLog implements Log {
  readonly kind = 'sqlite';
  readonly erasing: Erasing = {
    erase: (topic, partition, offsets) => this.#erase(topic, partition, offsets),
    scrub: (signal) => this.#scrub(signal),
  };
  readonly #path: string;
  readonly #database: Database;
  readonly #readOnly: boolean;
  readonly #topics: TopicTable;
  readonly #table: RecordTable;
  readonly #offsets: ConsumerOffsets;
  readonly #appender: Appender;
  readonly #writes: WriteQueue;
  readonly #watcher: EndWatcher;
  readonly #file: LogFile;
  readonly #members = new Set<Member>();
  readonly #closed = new AbortController();
  readonly #rewrittenBy: SqliteTopicOptions['rewrittenBy'];
  #closing: Promise<void> | undefined;

  constructor({ database, path }: LogDatabase, settings: SqliteTopicOptions) {
    this.#path = path;
    this.#database = database;
    this.#readOnly = settings.readOnly;
    this.#rewrittenBy = settings.rewrittenBy;
    this.#topics = new TopicTable(database);
    this.#table = new RecordTable(database);
    this.#offsets = new ConsumerOffsets(database);
    this.#appender = new Appender(this.#topics, this.#table, settings.clock);
    this.#writes = new WriteQueue(database, path, settings.synchronous);
    this.#watcher = new EndWatcher({
      database,
      path,
      pollIntervalMs: settings.pollIntervalMs,
      checkFiles: () => this.#writes.checkFiles(),
    });
    this.#file = LogFile.share(path, this.#watcher);
  }

  async createTopics(topics: readonly TopicSettings[]): Promise<readonly string[]> {
    topics.forEach(checkSettings);
    return this.#write({ records: topics.length, bytes: 0, durable: true, run: () => this.#topics.create(topics) });
  }

  async describeTopics(names: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#read(() => this.#topics.describe(names));
  }

  async append(records: readonly NewRecord[], signal?: AbortSignal): Promise<readonly RecordAddress[]> {
    if (records.length === 0) return [];
    const { addresses, ends } = await this.#write(
      this.#read(() => this.#appender.prepare(records)),
      signal,
    );
    this.#file.appended(ends.map(({ topic, partition, offset }) => ({ topicId: topic.id, partition, end: offset })));
    return addresses;
  }

  async offsets(topic: string): Promise<ReadonlyMap<number, OffsetRange>> {
    return this.#read(() => this.#table.ranges(this.#topics.require(topic).id));
  }

  /** There are no transactions. */
  async highWatermarks(topic: string): Promise<ReadonlyMap<number, number>> {
    return new Map([...(await this.offsets(topic))].map(([partition, { end }]) => [partition, end]));
  }

  heldSince(): Promise<null> {
    return Promise.resolve(null);
  }

  read(range: ReadRange): AsyncIterable<readonly LogRecord[]> {
    return readRange(range, {
      path: this.#path,
      topics: this.#topics,
      table: this.#table,
      watcher: this.#watcher,
      closed: this.#closed.signal,
    });
  }

  async committed(group: string, topic: string): Promise<ReadonlyMap<number, number>> {
    return this.#read(() => this.#offsets.committed(group, this.#topics.require(topic).id));
  }

  /** Its members are known to the process that owns the data directory alone. */
  async describeGroup(group: string): Promise<GroupDescription | undefined> {
    const committed = this.#read(() => this.#offsets.committedOf(group));
    return committed.size === 0 ? undefined : { committed, members: null, isRebalancing: false };
  }

  async join(options: GroupOptions): Promise<GroupMember> {
    // Not within a call of another member's handler, whose partitions this may take.
    await Promise.resolve();
    return this.#read(() => {
      const topics = [...new Set(options.topics)].map((name) => this.#topics.require(name));
      const member = new Member(options, topics, this.#file.group(options.group, topics), {
        path: this.#path,
        table: this.#table,
        watcher: this.#watcher,
        commit: (topic, partition, position) =>
          this.#write({
            records: 1,
            bytes: COMMIT_BYTES,
            durable: false,
            run: () => this.#offsets.commit(options.group, topic.id, partition, position),
          }),
        left: (leaver) => this.#members.delete(leaver),
      });
      this.#members.add(member);
      return member;
    });
  }

  /**
   * Deletes a partition's records below an offset, which becomes its low end; its end stays. Does nothing when they are gone already.
   * @throws topic_not_found, invalid_argument for an offset beyond the end
   */
  async truncateBefore(topicName: string, partition: number, offset: number): Promise<void> {
    const { topic, range } = this.#read(() => {
      const found = this.#topics.require(topicName);
      checkPartition(found, partition);
      return { topic: found, range: this.#table.range(found.id, partition) };
    });
    if (!Number.isSafeInteger(offset) || offset > range.end) {
      throw new TipstreamError('invalid_argument', `cannot delete ${topicName}/${partition} up to ${offset}: it ends at ${range.end}`, {
        details: { topic: topicName, partition, offset, end: range.end },
      });
    }
    for (let low = range.low; low < offset; ) {
      low = Math.min(low + DELETED_AT_ONCE, offset);
      const before = low;
      await this.#write({
        records: DELETED_AT_ONCE,
        bytes: 0,
        durable: true,
        run: () => this.#table.deleteBefore(topic.id, partition, before),
      });
    }
  }

  async #erase(topicName: string, partition: number, offsets: readonly number[]): Promise<void> {
    const topic = this.#read(() => this.#topics.require(topicName));
    for (let from = 0; from < offsets.length; from += DELETED_AT_ONCE) {
      const some = offsets.slice(from, from + DELETED_AT_ONCE);
      await this.#write({ records: some.length, bytes: 0, durable: true, run: () => this.#table.deleteAt(topic.id, partition, some) });
    }
  }

  async #scrub(signal?: AbortSignal): Promise<boolean> {
    if (this.#readOnly) throw readOnlyLog(this.#path);
    await this.#writes.idle();
    if (this.#rewrittenBy === 'caller') return this.#read(() => scrubbed(this.#database));
    const { signal: closed } = this.#closed;
    try {
      return await scrubbedByProcess(this.#path, signal === undefined ? closed : AbortSignal.any([closed, signal]));
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      throw closed.aborted ? closedLog(this.#path) : asLogFailure(error, this.#path);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#members].map((member) => member.stop()));
    await this.#writes.close();
    this.#closed.abort();
    this.#file.release(this.#watcher);
    this.#database.close();
  }

  #read<Result>(action: () => Result): Result {
    if (this.#closing !== undefined) throw closedLog(this.#path);
    try {
      return action();
    } catch (error) {
      throw asLogFailure(error, this.#path);
    }
  }

  async #write<Result>(write: Write<Result>, signal?: AbortSignal): Promise<Result> {
    if (this.#readOnly) throw readOnlyLog(this.#path);
    try {
      return await this.#writes.submit(write, signal);
    } catch (error) {
      if (error instanceof TipstreamError && error.code === 'log_failed') this.#watcher.checkFiles();
      throw error;
    }
  }
}
