/**
 * The real service on the embedded log in a temporary directory, with workers in the test's own thread, a clock that the test sets and
 * crashes that come when the test says. What it holds is read as any other process would: from the log and from the state files.
 */
import { CORE_ALONE } from '../../../src/events/feature-choice.js';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { pino } from 'pino';
import type { GenerationOptions } from '../../../src/service/options.js';
import { inlineWorkers } from '../../../src/consumers/worker/inline-worker.js';
import type { SliceLimits } from '../../../src/consumers/fold/prune.js';
import type { ScoringOptions } from '../../../src/consumers/fold/scorer.js';
import type { ShadowScore } from '../../../src/consumers/fold/shadow.js';
import { Service } from '../../../src/service/service.js';
import type { StartWorker, Worker } from '../../../src/consumers/worker/worker-contract.js';
import type { TipstreamError } from '../../../src/errors.js';
import type { FaultHook } from '../../../src/fault-points.js';
import { ensureTopics } from '../../../src/log/ensure-topics.js';
import { partitionFor, type PartitionerName } from '../../../src/log/partitioner.js';
import type { Log, LogRecord, NewRecord } from '../../../src/log/port.js';
import { openSqliteLog, type SqliteLog } from '../../../src/log/sqlite/index.js';
import type { PolicySettings } from '../../../src/policies/controls/control.js';
import { coreRegistry, type Registry } from '../../../src/projections/registry.js';
import { generationDirectory, partitionFile } from '../../../src/store/directory/layout.js';
import { digestDocument, openReaders, type DigestDocument } from '../../../src/store/queries/profiles.js';
import { fullTopicName, type ScoredEvent, type TopicName } from '../../../src/topics.js';
import { FaultyLog } from './faulty-log.js';
import { stateIn } from '../state-in.js';

export interface EmbeddedOptions {
  readonly partitions?: number;
  readonly topicPrefix?: string;
  readonly partitioner?: PartitionerName;
  readonly maxBatchRecords?: number;
  readonly maxTaskIdleMs?: number;
  readonly maxValueBytes?: number;
  /** Default: nothing is pruned. */
  readonly retainMs?: number;
  readonly pruneLimits?: SliceLimits;
  /** Default true. */
  readonly publishProfiles?: boolean;
  /** Unix ms; of the service and its workers. */
  readonly clock?: () => number;
  /** Of the workers alone; a throw of it is a fault in the middle of whatever the worker does. */
  readonly workerClock?: () => number;
  readonly registry?: Registry;
  readonly livePolicy?: string;
  readonly settings?: Partial<PolicySettings>;
  readonly shadow?: ShadowScore;
  /** Default: no gateway. */
  readonly generation?: GenerationOptions;
  /** How long a request waits for the log, ms. */
  readonly logTimeoutMs?: number;
  readonly automaticBaseline?: boolean;
  /** What stands between the log and who reads it: the service, verify, a rebuild. */
  readonly through?: (log: Log) => Log;
  /** Of the service, not of its workers. */
  readonly at?: FaultHook;
}

export interface LoggedLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export const DEFAULT_SETTINGS: PolicySettings = { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false };

/** An event as a record: keyed by its user, where murmur2 puts it. */
export function recordOf(topic: string, event: object, more: Partial<NewRecord> = {}): NewRecord {
  const userId = (event as { user_id?: string }).user_id;
  return { topic, key: userId === undefined ? null : Buffer.from(userId), value: Buffer.from(JSON.stringify(event)), ...more };
}

export class EmbeddedService {
  readonly directory: string;
  readonly log: SqliteLog;
  readonly options: EmbeddedOptions;
  /** What the service logged since it was first started. */
  readonly logged: LoggedLine[] = [];
  #running: { readonly service: Service; readonly log: FaultyLog; readonly workers: Worker[] } | undefined;
  #failure: TipstreamError | undefined;

  private constructor(directory: string, log: SqliteLog, options: EmbeddedOptions) {
    this.directory = directory;
    this.log = log;
    this.options = options;
  }

  /** With its topics, in a directory that need not exist yet. */
  static async open(directory: string, options: EmbeddedOptions = {}): Promise<EmbeddedService> {
    const log = await openSqliteLog({ directory, synchronous: 'normal' });
    await ensureTopics(log, {
      prefix: options.topicPrefix ?? '',
      partitions: options.partitions ?? 2,
      partitionsGiven: options.partitions !== undefined,
      ...(options.registry === undefined ? {} : { consumed: options.registry.topics }),
    });
    return new EmbeddedService(directory, log, options);
  }

  get service(): Service {
    if (this.#running === undefined) throw new Error('the service is not running');
    return this.#running.service;
  }

  /** The log as verify and a rebuild read it. */
  get readLog(): Log {
    return this.options.through?.(this.log) ?? this.log;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** What ended the service, if anything did. */
  get failure(): TipstreamError | undefined {
    return this.#failure;
  }

  /** The log as the running service sees it. */
  get faults(): FaultyLog {
    if (this.#running === undefined) throw new Error('the service is not running');
    return this.#running.log;
  }

  async start(overrides: EmbeddedOptions = {}): Promise<Service> {
    if (this.#running !== undefined) throw new Error('the service is running already');
    const options = { ...this.options, ...overrides };
    const clock = options.clock ?? Date.now;
    const scoring: ScoringOptions = {
      livePolicy: options.livePolicy ?? 'egreedy-v1',
      settings: { ...DEFAULT_SETTINGS, ...options.settings },
    };
    const registry = options.registry ?? coreRegistry;
    const log = new FaultyLog(this.log);
    const workers: Worker[] = [];
    const inline = inlineWorkers({
      registry,
      clock: options.workerClock ?? clock,
      shadow: options.shadow,
      pruneLimits: options.pruneLimits,
    });
    const startWorker: StartWorker = (setup, events) => {
      const worker = inline(setup, events);
      workers.push(worker);
      return worker;
    };
    const logger = pino({ level: 'debug' }, { write: (line: string) => void this.logged.push(JSON.parse(line) as LoggedLine) });
    const service = new Service(options.through?.(log) ?? log, registry, startWorker, {
      dataDirectory: this.directory,
      group: 'test',
      topicPrefix: options.topicPrefix ?? '',
      features: CORE_ALONE,
      partitioner: options.partitioner ?? 'murmur2',
      publishProfiles: options.publishProfiles ?? true,
      maxValueBytes: options.maxValueBytes ?? 1_048_576,
      maxBatchRecords: options.maxBatchRecords ?? 20_000,
      maxTaskIdleMs: options.maxTaskIdleMs ?? 50,
      retain: options.retainMs,
      clock,
      logger,
      scoring,
      generation: options.generation,
      at: options.at,
      ...(options.logTimeoutMs === undefined ? {} : { logTimeoutMs: options.logTimeoutMs }),
      automaticBaseline: options.automaticBaseline,
    });
    this.#running = { service, log, workers };
    await service.start((error) => (this.#failure = error));
    return service;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.service.stop();
  }

  /** What a crash leaves: batches under way are gone, nothing more is sent, acknowledgements that came are forgotten. */
  async kill(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    running.log.cut();
    for (const worker of running.workers) worker.close();
    await running.service.stop();
  }

  /** Starts when nothing runs, and resolves when all is applied, answered and read back. */
  async catchUp(): Promise<void> {
    if (this.#running === undefined) await this.start();
    await this.service.caughtUp();
  }

  async close(): Promise<void> {
    await this.kill();
    await this.log.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  topic(name: TopicName): string {
    return fullTopicName(this.options.topicPrefix ?? '', name);
  }

  async append(...records: readonly NewRecord[]): Promise<void> {
    await this.log.append(records);
  }

  async produce(name: TopicName, ...events: readonly object[]): Promise<void> {
    await this.log.append(events.map((event) => recordOf(this.topic(name), event)));
  }

  /** Everything in a topic, partition after partition. */
  async records(topic: string): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (const [partition, { low, end }] of await this.log.offsets(topic)) {
      if (low === end) continue;
      for await (const records of this.log.read({ topic, partition, from: low, to: end })) found.push(...records);
    }
    return found;
  }

  async scored(name: 'tip.scored' | 'tip.scored.shadow' = 'tip.scored'): Promise<ScoredEvent[]> {
    return (await this.records(this.topic(name))).map(({ value }) => JSON.parse(value!.toString()) as ScoredEvent);
  }

  partitionOf(userId: string): number {
    return partitionFor('murmur2', Buffer.from(userId), this.options.partitions ?? 2);
  }

  statePath(partition: number): string {
    return partitionFile(generationDirectory(this.directory), partition);
  }

  async deleteState(): Promise<void> {
    await rm(join(this.directory, 'state'), { recursive: true, force: true });
  }

  /** The digest as another process would compute it. */
  digest(asOfMs: number): DigestDocument {
    const registry = this.options.registry ?? coreRegistry;
    const readers = openReaders(stateIn(this.directory, this.options.topicPrefix), registry);
    try {
      return digestDocument(readers, asOfMs, registry.featureSet);
    } finally {
      for (const reader of readers.values()) reader.close();
    }
  }

  /** Rows of one partition's state file. */
  query<Row>(partition: number, sql: string, ...parameters: readonly unknown[]): Row[] {
    const db = new Database(this.statePath(partition), { readonly: true });
    try {
      return db.prepare(sql).all(...parameters) as Row[];
    } finally {
      db.close();
    }
  }

  /** A count over all partitions. */
  countOf(name: string): number {
    return this.service.counts().get(name) ?? 0;
  }
}

/** Lets the event loop go round `turns` times. */
export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}
