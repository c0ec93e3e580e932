/**
 * What analysts wait for: verify, rebuild and export as processes of their own on the state of all events, and in this process pruning
 * and profile reads of other times. Ratios are to the live fold of the same events on the same log.
 */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Pruner } from '../src/consumers/worker/pruner.js';
import { defaultRegistry } from '../src/projections/registry.js';
import { generationDirectory, partitionFile, partitionsIn } from '../src/store/directory/layout.js';
import { PartitionState } from '../src/store/partition-state.js';
import { openReaders } from '../src/store/queries/profiles.js';
import { PartitionReader } from '../src/store/queries/partition-reader.js';
import { catchUp, MAIN } from './catch-up.js';
import { percentiles, type Percentiles } from './latencies.js';
import { startNode } from './measured-process.js';
import type { Place } from './places.js';

const DAY_MS = 86_400_000;
const SPINE_LINES = 100_000;
const READS = 20_000;
/** The events cover 45 days: about a third of the tips are older than this. */
const RETAIN_MS = 31 * DAY_MS;

export interface AnalystRow {
  readonly name: string;
  /** Events, rows or tips. */
  readonly count: number;
  readonly tookMs: number;
  readonly perSecond: number;
  /** To the events per second of the live fold; null where another thing is counted. */
  readonly toLiveFold: number | null;
  readonly peakRssMib: number | null;
}

export interface Analysts {
  readonly rows: readonly AnalystRow[];
  /** Profile reads in this process, milliseconds: as of now from the cached counts, and as of ten days ago from the tips. */
  readonly readNow: Percentiles;
  readonly readPast: Percentiles;
}

/** Needs the state of all events, which it leaves as it was but for the generation that `rebuild` makes live. */
export async function analysts(place: Place): Promise<Analysts> {
  const live = await catchUp({ args: await place.fresh() });
  const liveRate = (1000 * live.events) / live.catchUpMs;
  const rows: AnalystRow[] = [
    {
      name: 'live fold',
      count: live.events,
      tookMs: live.catchUpMs,
      perSecond: Math.round(liveRate),
      toLiveFold: 1,
      peakRssMib: live.peakRssMib,
    },
  ];
  const run = async (name: string, count: number, ofEvents: boolean, args: readonly string[]): Promise<void> => {
    const { startedAtMs, endedAtMs, usage } = await (await startNode([MAIN, ...args, ...withoutGroup(place.again())])).finished;
    const tookMs = endedAtMs - startedAtMs;
    const perSecond = Math.round((1000 * count) / tookMs);
    rows.push({ name, count, tookMs, perSecond, toLiveFold: ofEvents ? perSecond / liveRate : null, peakRssMib: usage.peakRssMib });
  };
  const folder = mkdtempSync(join(place.data, 'bench-'));
  try {
    await run('verify, every user', live.events, true, ['verify', '--json']);
    await run('rebuild, compared and swapped', live.events, true, ['rebuild', '--json']);
    const users = usersOf(place.data);
    const now = String(Date.now());
    for (const format of ['csv', 'ndjson', 'parquet'])
      await run(`export --as-of, ${format}`, users.length, false, ['export', '--as-of', now, '--out', join(folder, `all.${format}`)]);
    writeFileSync(join(folder, 'spine.ndjson'), spineOf(users));
    await run('export --spine, csv', SPINE_LINES, false, [
      'export',
      '--spine',
      join(folder, 'spine.ndjson'),
      '--out',
      join(folder, 'spine.csv'),
    ]);
    rows.push(prune(place.data, folder));
    const [readNow, readPast] = [reads(place.data, users, Date.now()), reads(place.data, users, Date.now() - 10 * DAY_MS)];
    return { rows, readNow, readPast };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Only `start` has a consumer group. */
function withoutGroup(args: readonly string[]): string[] {
  const at = args.indexOf('--group');
  return at < 0 ? [...args] : [...args.slice(0, at), ...args.slice(at + 2)];
}

function usersOf(dataDirectory: string): string[] {
  const readers = openReaders({ dataDirectory, log: 'sqlite', topicPrefix: '' }, defaultRegistry);
  try {
    return [...readers.values()].flatMap((reader) => reader.profilesAfter('', 10_000_000, Date.now()).map(({ userId }) => userId));
  } finally {
    for (const reader of readers.values()) reader.close();
  }
}

function spineOf(users: readonly string[]): string {
  const now = Date.now();
  return Array.from(
    { length: SPINE_LINES },
    (_, i) =>
      `${JSON.stringify({ user_id: users[(i * 7919) % users.length], as_of_ms: now - (i % (14 * 24)) * 3_600_000, label: i % 2 })}\n`,
  ).join('');
}

/** On copies of the state files, as a worker in its spare time would do it. */
function prune(dataDirectory: string, folder: string): AnalystRow {
  const generation = generationDirectory(dataDirectory);
  let [tips, tookMs] = [0, 0];
  for (const partition of partitionsIn(generation)) {
    const path = partitionFile(folder, partition);
    // The processes before have ended, so that everything is in the file itself.
    copyFileSync(partitionFile(generation, partition), path);
    const reader = new PartitionReader(path, defaultRegistry);
    const { identity } = reader;
    reader.close();
    const state = new PartitionState(path, identity, defaultRegistry);
    const pruner = new Pruner(state, defaultRegistry, { retainMs: RETAIN_MS, clock: Date.now });
    const startedMs = performance.now();
    for (;;) {
      const report = pruner.step((work) => state.transaction(Date.now(), () => work(Date.now())));
      if (report !== undefined) tips += report.tips;
      if (report !== undefined || !pruner.isDue()) break;
    }
    tookMs += performance.now() - startedMs;
    state.close();
  }
  return {
    name: 'pruning, tips',
    count: tips,
    tookMs: Math.round(tookMs),
    perSecond: Math.round((1000 * tips) / tookMs),
    toLiveFold: null,
    peakRssMib: null,
  };
}

function reads(dataDirectory: string, users: readonly string[], asOfMs: number): Percentiles {
  const readers = [...openReaders({ dataDirectory, log: 'sqlite', topicPrefix: '' }, defaultRegistry).values()];
  try {
    const owner = new Map(
      readers.flatMap((reader) => reader.profilesAfter('', 10_000_000, asOfMs).map(({ userId }) => [userId, reader] as const)),
    );
    const took: number[] = [];
    for (let i = 0; i < READS; i++) {
      const user = users[(i * 7919) % users.length]!;
      const startedMs = performance.now();
      owner.get(user)!.profile(user, asOfMs);
      took.push(performance.now() - startedMs);
    }
    return percentiles(took);
  } finally {
    for (const reader of readers) reader.close();
  }
}
