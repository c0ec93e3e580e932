/** Worlds in which a running service switches to a rebuilt generation, and what must be so afterwards. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { rebuild, type RebuildDocument } from '../../src/rebuild/rebuild.js';
import { inlineRunner } from '../../src/rebuild/run-jobs.js';
import { lockData } from '../../src/store/directory/data-lock.js';
import { makeGeneration, partitionFile } from '../../src/store/directory/layout.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { requestSwap, swapAnswer, type SwapAnswer, type SwapRequest } from '../../src/store/directory/swap-request.js';
import { CRASH_SETTINGS } from './crash/settings.js';
import { CRASH_CLOCK_MS, CrashWorld } from './crash/world.js';
import type { EmbeddedOptions, EmbeddedService } from './embedded/service.js';
import { until } from './rebuilds.js';

export const WITHIN_MS = 100_000;
export const SCORE_CANDIDATES = [0, 1, 2].map((i) => ({ tip_id: `tip-${i}`, is_overdue: i === 1, task_age_days: i, priority: 1 + i }));

/** A running service that owns its directory, with `records` of traffic applied. */
export async function runningWorld(records = 600, options: EmbeddedOptions = {}): Promise<CrashWorld> {
  const world = await CrashWorld.open(11, records);
  const { embedded } = world;
  onTestFinished(() => embedded.close());
  const lock = lockData(embedded.directory, CRASH_CLOCK_MS);
  onTestFinished(() => lock.release());
  await embedded.start(options);
  await embedded.catchUp();
  return world;
}

export async function rebuildOf({ log, directory, options }: EmbeddedService): Promise<RebuildDocument> {
  const { partitioner, maxValueBytes, scoring } = CRASH_SETTINGS;
  const clock = options.clock!;
  const runner = inlineRunner({ log, registry: coreRegistry, clock });
  const settings = {
    dataDirectory: directory,
    group: 'test',
    topicPrefix: '',
    partitioner,
    maxValueBytes,
    settings: scoring.settings,
    shadowLearning: null,
    dryRun: false,
    force: false,
    prune: false,
    to: null,
    batchRecords: 100,
  };
  try {
    return await rebuild(settings, { log, registry: coreRegistry, runner, clock, signal: new AbortController().signal });
  } finally {
    await runner.close();
  }
}

/** A generation whose files are empty: everything is left for the owner to fold. */
export function emptyGeneration(
  { directory }: EmbeddedService,
  name = 'gen-000002',
  featureSet = coreRegistry.featureSet,
  partitions: readonly number[] = [0, 1],
): string {
  const path = makeGeneration(directory, name, {});
  for (const partition of partitions)
    new PartitionState(
      partitionFile(path, partition),
      { partition, partitions: 2, log: 'sqlite', topicPrefix: '', featureSet },
      coreRegistry,
    ).close();
  return name;
}

let requests = 0;
export function ask({ directory, options }: EmbeddedService, generation: string, more: Partial<SwapRequest> = {}): string {
  const id = `request-${requests++}`;
  requestSwap(directory, {
    id,
    generation,
    feature_set: coreRegistry.featureSet,
    pid: process.pid,
    requested_at_ms: options.clock!(),
    ...more,
  });
  return id;
}

export const answerTo = ({ directory }: EmbeddedService, id: string): Promise<SwapAnswer> =>
  until(() => swapAnswer(directory, id), 'the answer of the owner');
export const answered = (embedded: EmbeddedService, generation: string, more?: Partial<SwapRequest>): Promise<SwapAnswer> =>
  answerTo(embedded, ask(embedded, generation, more));

/** The service stops, and what it leaves is what the log says. */
export async function expectRight(world: CrashWorld): Promise<void> {
  await world.embedded.stop();
  await world.expectRight();
}

/** As before the swap was asked for, it takes traffic; then as above. */
export async function expectGoesOn(world: CrashWorld): Promise<void> {
  await world.append(50);
  await world.embedded.catchUp();
  await expectRight(world);
}

/** Every decision is in tip.scored once, and every refused record has one dead letter. */
export async function expectNothingTwice({ embedded }: CrashWorld): Promise<void> {
  const ids = (await embedded.scored()).map(({ decision_id: id }) => id);
  expect(ids).toHaveLength(new Set(ids).size);
  for (const topic of ['tip.served', 'tip.feedback', 'tip.candidates']) {
    const addresses = (await embedded.records(`${topic}-dlt`)).map(({ headers }) =>
      ['partition', 'offset'].map((name) => headers.find(([header]) => header === `__dlq.errors.${name}`)![1]!.toString()).join('/'),
    );
    expect(addresses.length, topic).toBeGreaterThan(0);
    expect(addresses, topic).toHaveLength(new Set(addresses).size);
  }
}

/** What goes on beside a swap until it is told to end. */
export class LiveTraffic {
  readonly #world: CrashWorld;
  readonly #running: Promise<unknown>;
  #ending = false;
  reads = 0;
  scores = 0;

  constructor(world: CrashWorld) {
    this.#world = world;
    this.#running = Promise.all([this.#append(), this.#read(), this.#score()]);
    this.#running.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.#ending = true;
    await this.#running;
  }

  async #append(): Promise<void> {
    while (!this.#ending) {
      await this.#world.append(15);
      await delay(5);
    }
  }

  async #read(): Promise<void> {
    const { service } = this.#world.embedded;
    while (!this.#ending) {
      for (let i = 0; i < 40; i++) await service.profile(`user-${i}`).catch(notFound);
      this.reads++;
      await delay(1);
    }
  }

  async #score(): Promise<void> {
    const { service } = this.#world.embedded;
    while (!this.#ending) {
      const number = this.scores++;
      const decided = await service.score({ decision_id: `asked-${number}`, user_id: `user-${number % 40}`, candidates: SCORE_CANDIDATES });
      expect(decided).toMatchObject({ decision_id: `asked-${number}`, recorded: true });
      await delay(3);
    }
  }
}

export function notFound(error: unknown): void {
  if (!(error instanceof TipstreamError && error.code === 'user_not_found')) throw error;
}
