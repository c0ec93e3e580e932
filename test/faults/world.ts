/**
 * One data directory and the processes that live in it one after the other. A crash is what SIGKILL leaves: the bytes of every file at
 * that moment are copied to a new directory, in which the next process starts; what the dead one still does happens in the old
 * directory, unseen.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { ScoringOptions } from '../../src/consumers/fold/scorer.js';
import { inlineWorkers } from '../../src/consumers/worker/inline-worker.js';
import { Service } from '../../src/service/service.js';
import type { StartWorker, Worker } from '../../src/consumers/worker/worker-contract.js';
import { TipstreamError } from '../../src/errors.js';
import type { FaultHook, FaultPoint } from '../../src/fault-points.js';
import { ensureTopics } from '../../src/log/ensure-topics.js';
import type { GroupMember, LogRecord, NewRecord } from '../../src/log/port.js';
import { openSqliteLog, type SqliteLog } from '../../src/log/sqlite/index.js';
import type { FeatureChoice } from '../../src/events/feature-choice.js';
import { registryOf, type Registry } from '../../src/projections/registry.js';
import { rebuild, type RebuildDocument } from '../../src/rebuild/rebuild.js';
import { inlineRunner } from '../../src/rebuild/run-jobs.js';
import { lockData, type DataLock } from '../../src/store/directory/data-lock.js';
import { MAX_VALUE_BYTES } from './broken-records.js';
import { SimulatedLog } from './simulated-log.js';
import { fingerprint, type Trace } from './trace.js';
import type { VirtualTime } from './virtual-time.js';
import { copyFiles, deleteStateFiles, filesHolding, newDirectory, tearWriteAheadLogs } from './files.js';
import { Crash, Violation, type LifeOptions, type Life, type Armed } from './life.js';

/** Simulated ms after which something that should have ended has not. */
const STUCK_AFTER_MS = 30 * 60_000;
const GROUP = 'simulation';
/** Small, so that a prune takes several slices. */
const PRUNE_LIMITS = { rows: 20, tips: 4 };

export class World {
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly partitions: number;
  readonly scoring: ScoringOptions;
  readonly publishProfiles: boolean;
  readonly registry: Registry;
  /** How often each fault point was passed. */
  readonly passed = new Map<FaultPoint, number>();
  /** Whether anything has been done to the running service that may stop a partition. */
  harmed = false;
  readonly #root = newDirectory('tipstream-simulation-');
  readonly #logger: Logger;
  lives = 0;
  #directories = 0;
  #directory: string;
  #log: SqliteLog | undefined;
  #life: Life | undefined;
  #rival: Life | undefined;
  #guest: GroupMember | undefined;
  #armed: Armed | undefined;
  #lock: DataLock | undefined;
  #rebuilding: { readonly result: Promise<unknown>; readonly end: AbortController } | undefined;
  /** The directory after the crash. */
  #next: string | undefined;

  constructor(
    time: VirtualTime,
    trace: Trace,
    private readonly options: Pick<World, 'partitions' | 'scoring' | 'publishProfiles'> & { readonly features: FeatureChoice },
  ) {
    this.time = time;
    this.trace = trace;
    this.partitions = options.partitions;
    this.scoring = options.scoring;
    this.publishProfiles = options.publishProfiles;
    this.registry = registryOf(options.features);
    this.#directory = join(this.#root, 'life-0');
    this.#logger = pino({ level: 'error', base: null, timestamp: false }, { write: (line: string) => this.#noteLogged(line) });
  }

  get directory(): string {
    return this.#directory;
  }

  get log(): SqliteLog {
    if (this.#log === undefined) throw new Error('the log is not open');
    return this.#log;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  get rival(): Life | undefined {
    return this.#rival;
  }

  get hasGuest(): boolean {
    return this.#guest !== undefined;
  }

  async open(): Promise<void> {
    // A process to rewrite the file would take as long as it likes.
    this.#log = await openSqliteLog({ directory: this.#directory, synchronous: 'normal', clock: this.time.now, rewrittenBy: 'caller' });
    await this.wait(
      'topics',
      ensureTopics(this.#log, { prefix: '', partitions: this.partitions, partitionsGiven: true, consumed: this.registry.topics }),
    );
  }

  async start(options: LifeOptions, group = GROUP): Promise<void> {
    if (group === GROUP) this.#lock = lockData(this.#directory, this.time.now());
    const life = this.#make(options, group);
    if (group === GROUP) {
      this.#life = life;
      this.lives++;
      this.harmed = false;
    } else this.#rival = life;
    await this.wait(
      'start',
      life.service.start((error) => this.trace.add(`  service failed: ${error.code}`)),
    );
  }

  /** In good order. */
  async stop(): Promise<void> {
    const life = this.#life;
    await this.dismissGuest();
    await this.dismissRival();
    if (life !== undefined) await this.wait('stop', life.service.stop());
    this.#life = undefined;
    this.#armed = undefined;
    this.#unlock();
  }

  /** `tipstream rebuild`, beside the service if that runs. */
  async rebuild(options: { readonly dryRun: boolean; readonly prune: boolean; readonly batchRecords: number }): Promise<RebuildDocument> {
    const end = new AbortController();
    const at: FaultHook = (point) => this.#pass(point);
    const clock = this.time.now;
    const { settings } = this.scoring;
    const runner = inlineRunner({ log: this.log, registry: this.registry, clock, at });
    const result = rebuild(
      {
        ...options,
        dataDirectory: this.#directory,
        group: GROUP,
        topicPrefix: '',
        partitioner: 'murmur2',
        maxValueBytes: MAX_VALUE_BYTES,
        settings,
        shadowLearning: null,
        force: false,
        to: null,
      },
      { log: this.log, registry: this.registry, runner, clock, signal: end.signal, at },
    );
    this.#rebuilding = { result, end };
    return this.wait('rebuild', result);
  }

  /**
   * Another process with a group of its own works on the same files, as a data lock that does not work (on a network file system) would
   * let it.
   */
  async admitRival(options: LifeOptions): Promise<void> {
    this.harmed = true;
    await this.start(options, 'rival');
  }

  async dismissRival(): Promise<void> {
    const rival = this.#rival;
    this.#rival = undefined;
    if (rival === undefined) return;
    rival.log.cut();
    for (const worker of rival.workers) worker.close();
    await this.wait('rival stops', rival.service.stop());
  }

  /** A member that takes its share of the partitions and does nothing with them. */
  async admitGuest(): Promise<void> {
    const handler = {
      positions: () => new Map<string, number>(),
      ready: () => undefined,
      deliver: () => false,
      revoked: () => undefined,
      failed: () => undefined,
    };
    this.#guest = await this.wait('guest', this.log.join({ group: GROUP, topics: this.registry.topics, handler }));
  }

  async dismissGuest(): Promise<void> {
    const guest = this.#guest;
    this.#guest = undefined;
    if (guest !== undefined) await this.wait('guest leaves', guest.stop());
  }

  arm(armed: Armed): void {
    this.#armed = armed;
    if (armed.how !== 'crash') this.harmed = true;
  }

  disarm(): void {
    this.#armed = undefined;
  }

  /** Dies here and now. */
  readonly crash = (where: string): never => {
    if (this.#next === undefined) {
      this.trace.add(`  CRASH ${where}`);
      this.#next = join(this.#root, `life-${++this.#directories}`);
      copyFiles(this.#directory, this.#next);
      this.#life?.log.cut();
      this.#rival?.log.cut();
    }
    throw new Crash(where);
  };

  /** After a crash: lets what is left of the dead process come to its end, and opens the directory that it left. */
  async bury(): Promise<void> {
    const next = this.#next!;
    for (const life of [this.#life, this.#rival]) {
      for (const worker of life?.workers ?? []) worker.close();
      if (life !== undefined) await this.#outlast(life.service.stop());
    }
    if (this.#guest !== undefined) await this.#outlast(this.#guest.stop());
    await this.#endRebuild();
    this.#unlock();
    await this.#outlast(this.log.close());
    this.#life = this.#rival = this.#guest = this.#armed = undefined;
    rmSync(this.#directory, { recursive: true, force: true });
    this.#directory = next;
    this.#next = undefined;
    await this.open();
  }

  /** Whether any file has ever pruned anything. */
  get pruned(): boolean {
    return this.passed.has('prune: rows deleted');
  }

  get crashed(): boolean {
    return this.#next !== undefined;
  }

  /** A power failure took the end of what was not yet on the disk: write-ahead logs of state files lose their tails. Between lives. */
  tearWriteAheadLogs(keep: (bytes: number) => number): void {
    tearWriteAheadLogs(this.#directory, keep, (line) => this.trace.add(line));
  }

  deleteState(partition?: number): void {
    if (partition === undefined) return rmSync(join(this.#directory, 'state'), { recursive: true, force: true });
    deleteStateFiles(this.#directory, partition);
  }

  async append(records: readonly NewRecord[]): Promise<void> {
    await this.wait('append', this.log.append(records));
  }

  /** Everything from an offset on, and where the partition ends. */
  async read(topic: string, partition: number, from: number): Promise<{ readonly records: LogRecord[]; readonly end: number }> {
    const { end } = (await this.wait('offsets', this.log.offsets(topic))).get(partition)!;
    const records: LogRecord[] = [];
    const read = async () => {
      for await (const some of this.log.read({ topic, partition, from, to: end })) records.push(...some);
    };
    if (from < end) await this.wait('read', read());
    return { records, end };
  }

  async turns(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#turn(1);
  }

  /**
   * Turns the event loop until `promise` has settled. Throws Crash when the process dies meanwhile, and Violation when it takes for
   * ever.
   */
  async wait<T>(what: string, promise: Promise<T>): Promise<T> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    const startedMs = this.time.elapsedMs;
    for (let turns = 0; !settled; turns++) {
      await this.#turn(turns < 60 ? 1 : turns < 300 ? 10 : 100);
      if (this.time.elapsedMs - startedMs > STUCK_AFTER_MS)
        throw new Violation(`${what} has not come to an end in ${STUCK_AFTER_MS / 60_000} simulated minutes`);
    }
    return promise;
  }

  async close(): Promise<void> {
    if (this.#next === undefined) this.#next = this.#directory;
    for (const life of [this.#life, this.#rival]) {
      life?.log.cut();
      for (const worker of life?.workers ?? []) worker.close();
      if (life !== undefined) await this.#outlast(life.service.stop());
    }
    if (this.#guest !== undefined) await this.#outlast(this.#guest.stop());
    await this.#endRebuild();
    this.#unlock();
    if (this.#log !== undefined) await this.#outlast(this.#log.close());
    rmSync(this.#root, { recursive: true, force: true });
  }

  #unlock(): void {
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #endRebuild(): Promise<void> {
    this.#rebuilding?.end.abort(new Crash('the process is dead'));
    if (this.#rebuilding !== undefined) await this.#outlast(this.#rebuilding.result);
    this.#rebuilding = undefined;
  }

  async #turn(ms: number): Promise<void> {
    await this.time.turn(ms);
    if (this.#next !== undefined) throw new Crash('the process is dead');
  }

  async #outlast(promise: Promise<unknown>): Promise<void> {
    let settled = false;
    const mark = () => void (settled = true);
    promise.then(mark, mark);
    for (let turns = 0; !settled && turns < 20_000; turns++) await this.time.turn(turns < 60 ? 1 : 20);
    if (!settled) throw new Violation('a killed process would not come to its end');
  }

  #make(options: LifeOptions, group: string): Life {
    const alive = () => this.#life === life || this.#rival === life;
    const log = new SimulatedLog(this.log, {
      appended: (records, addresses) => {
        if (!alive()) return;
        for (const [i, { topic, partition, offset }] of addresses.entries())
          this.trace.add(
            `  ${group === GROUP ? '' : `${group} `}appended ${topic}/${partition}/${offset} ${fingerprint(records[i]!.value)}`,
          );
      },
      faulted: (fault) => this.trace.add(`  the log: ${fault}`),
      crash: this.crash,
      turn: () => this.time.turn(0),
    });
    const workers: Worker[] = [];
    const at: FaultHook = (point) => this.#pass(point);
    const inline = inlineWorkers({ registry: this.registry, clock: this.time.now, at, pruneLimits: PRUNE_LIMITS });
    const startWorker: StartWorker = (setup, events) => {
      const worker = inline(setup, {
        ...events,
        committed: (committed) => {
          if (committed.taken.size > 0)
            this.trace.add(
              `  ${group === GROUP ? '' : `${group} `}partition ${setup.identity.partition} committed ` +
                `${[...committed.positions].map(([topic, next]) => `${topic} ${next}`).join(', ')}`,
            );
          events.committed(committed);
        },
        running: () => {
          this.trace.add(`  partition ${setup.identity.partition} is restored`);
          events.running();
        },
      });
      workers.push(worker);
      return worker;
    };
    const { shadowLearning, maxBatchRecords, maxTaskIdleMs, retainMs } = options;
    const service = new Service(log, this.registry, startWorker, {
      dataDirectory: this.#directory,
      group,
      topicPrefix: '',
      ...{ features: this.options.features, partitioner: 'murmur2' },
      publishProfiles: this.publishProfiles,
      maxValueBytes: MAX_VALUE_BYTES,
      maxBatchRecords,
      maxTaskIdleMs,
      retain: retainMs,
      clock: this.time.now,
      logger: this.#logger,
      scoring: { ...this.scoring, settings: { ...this.scoring.settings, shadowLearning } },
      ...{ at, searchFiles: filesHolding },
    });
    const life: Life = { service, log, workers };
    return life;
  }

  #pass(point: FaultPoint): void {
    if (this.#next !== undefined) throw new Crash('the process is dead');
    this.passed.set(point, (this.passed.get(point) ?? 0) + 1);
    const armed = this.#armed;
    if (armed === undefined || (armed.point !== undefined && armed.point !== point) || armed.left-- > 0) return;
    this.#armed = undefined;
    if (armed.how === 'crash') this.crash(`at ${point}`);
    this.trace.add(`  ${armed.how} at ${point}`);
    if (armed.how === 'error')
      throw new TipstreamError(point.startsWith('batch') ? 'disk_full' : 'log_unavailable', 'the simulation failed this');
    throw new TipstreamError('invalid_argument', 'the simulation refused this request');
  }

  #noteLogged(line: string): void {
    if (this.#next !== undefined) return;
    const { msg, code } = JSON.parse(line) as { msg: string; code?: string };
    this.trace.add(`  log: ${code ?? ''} ${msg.replaceAll(this.#root, '')}`);
  }
}
