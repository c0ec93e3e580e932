/** `rebuild` on an embedded service's data directory, in the test's own thread. */
import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { FaultHook } from '../../src/fault-points.js';
import { coreRegistry, type Registry } from '../../src/projections/registry.js';
import { rebuild, type RebuildDocument, type RebuildOptions } from '../../src/rebuild/rebuild.js';
import { inlineRunner } from '../../src/rebuild/run-jobs.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { openStateForReading, readIdentity } from '../../src/store/state-file.js';
import { DEFAULT_SETTINGS, type EmbeddedService } from './embedded/service.js';

export interface RebuildRun extends Partial<RebuildOptions> {
  readonly registry?: Registry;
  readonly clock?: () => number;
  readonly signal?: AbortSignal;
  readonly notes?: string[];
  readonly at?: FaultHook;
}

export async function rebuilt(
  embedded: EmbeddedService,
  {
    registry = embedded.options.registry ?? coreRegistry,
    clock = embedded.options.clock ?? Date.now,
    signal,
    notes,
    at,
    ...options
  }: RebuildRun = {},
): Promise<RebuildDocument> {
  const { topicPrefix = '', partitioner = 'murmur2', maxValueBytes = 1_048_576, settings } = embedded.options;
  return rebuild(
    {
      dataDirectory: embedded.directory,
      group: 'test',
      topicPrefix,
      partitioner,
      maxValueBytes,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      shadowLearning: null,
      dryRun: false,
      force: false,
      prune: false,
      to: null,
      ...options,
    },
    {
      log: embedded.readLog,
      registry,
      runner: inlineRunner({ log: embedded.readLog, registry, clock, at }),
      clock,
      signal: signal ?? new AbortController().signal,
      onNote: (text) => void notes?.push(text),
      at,
    },
  );
}

/** As a power failure does that takes the write-ahead log: a live file is as it was when just made. The service is stopped. */
export function setBack(embedded: EmbeddedService, partition: number): void {
  const path = embedded.statePath(partition);
  const db = openStateForReading(path);
  const identity = readIdentity(db);
  db.close();
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  new PartitionState(path, identity, embedded.options.registry ?? coreRegistry).close();
}

/** topic -> partition -> end, of everything in the log. */
export async function logEnds(embedded: EmbeddedService, topics: readonly string[]): Promise<Map<string, number[]>> {
  const ends = new Map<string, number[]>();
  for (const topic of topics)
    ends.set(
      topic,
      [...(await embedded.log.offsets(topic)).values()].map(({ end }) => end),
    );
  return ends;
}

/** The first thing that `look` finds; `what` says what is waited for. */
export async function until<T>(look: () => T | undefined | false, what = 'what it waits for', withinMs = 100_000): Promise<T> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; await delay(10)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`${what}: not within ${withinMs} ms`);
}
