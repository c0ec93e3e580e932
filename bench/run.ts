/**
 * `npm run bench`: what tipstream costs on this machine, beside the programs it should be compared with. docs/benchmarks.md says what
 * each number counts. Nothing here fails because a number is bad: targets are printed as ok or missed.
 *
 * places.ts fills both logs with the events of events.ts; throughput.ts, live.ts, stage-costs.ts, disk-use.ts and analysts.ts measure,
 * and policies.ts, which has events of its own; report.ts prints.
 */
import { existsSync } from 'node:fs';
import { closedAfter } from './closed-after.js';
import { analysts, type Analysts } from './analysts.js';
import { catchUp, MAIN } from './catch-up.js';
import { interruption, saved, say, undoneAfter } from './command.js';
import { diskUse, type DiskUse } from './disk-use.js';
import type { EventMix } from './events.js';
import { live, type Live } from './live.js';
import { benchOptions, HELP, type BenchOptions } from './options.js';
import { policies, type Policies } from './policies.js';
import { embeddedPlace, kafkaPlace, type Place } from './places.js';
import { report } from './report.js';
import { machine, targetsOf, type LogKind, type Results } from './results.js';
import { stageCosts, type StageCosts } from './stage-costs.js';
import { throughput, type Standing } from './throughput.js';

const HOUR_MS = 3_600_000;
const SCORING_TURNS = 7;
/** For each second of an HTTP measurement. */
const TURN_MS_A_SECOND = 50;
const MOST_TURN_MS = 250;
const interrupted = interruption();

async function bench(options: BenchOptions): Promise<Results> {
  const { events, users, partitions, withDecisions } = options;
  const before = machine();
  const needed = [...options.parts].some((part) => part !== 'policies');
  const mix: EventMix | null = needed ? { events, users, endMs: Date.now() - HOUR_MS, withDecisions } : null;
  return undoneAfter(async (undo) => {
    const places = mix === null ? [] : await filledPlaces(partitions, mix, undo);
    const found = await Promise.race([measure(options, places), interrupted]);
    return { machine: before, options: settingsOf(options), mix, ...found, targets: targetsOf(found) };
  });
}

async function filledPlaces(partitions: number, mix: EventMix, undo: (() => Promise<unknown>)[]): Promise<Place[]> {
  say(`filling the logs with ${mix.events} events ...`);
  const embedded = await embeddedPlace(partitions, mix);
  undo.push(embedded.remove);
  const kafka = await kafkaPlace(partitions, mix);
  if (kafka !== null) undo.push(kafka.remove);
  return kafka === null ? [embedded] : [kafka, embedded];
}

async function measure(options: BenchOptions, places: readonly Place[]) {
  const { parts, rounds, seconds, partitions } = options;
  const [kafka, embedded] = [places.find(({ kind }) => kind === 'kafka') ?? null, places.find(({ kind }) => kind === 'embedded')!];
  let standings: Standing[] = [];
  if (parts.has('throughput')) {
    standings = await throughput({
      kafka,
      embedded,
      rounds,
      onTurn: (contender, { perSecond, cpuSeconds }) => say(`${contender}: ${perSecond} events/s, ${cpuSeconds.toFixed(1)} s of CPU`),
    });
  } else if (parts.has('live') || parts.has('limits')) {
    for (const place of places) await catchUp({ args: await place.fresh() });
  }
  const latencies: Partial<Record<LogKind, Live>> = {};
  const stages: Partial<Record<LogKind, StageCosts>> = {};
  let disk: DiskUse | null = null;
  if (parts.has('limits')) {
    disk = diskUse(embedded.data);
    for (const place of places) {
      say(`measuring what each stage costs, ${place.kind} ...`);
      const log = await place.open();
      stages[place.kind] = await closedAfter(stageCosts(log, place.prefix, partitions), () => log.close());
    }
  }
  if (parts.has('live')) {
    for (const place of places) {
      say(`measuring latencies, ${place.kind} ...`);
      latencies[place.kind] = await live(place, seconds);
    }
  }
  const analysis: Partial<Record<LogKind, Analysts>> = {};
  if (parts.has('analysts')) {
    for (const place of places) {
      say(`measuring what analysts wait for, ${place.kind} ...`);
      analysis[place.kind] = await analysts(place);
    }
  }
  let policy: Policies | null = null;
  if (parts.has('policies'))
    policy = await policies(
      { ...options, turns: SCORING_TURNS, turnMs: Math.min(MOST_TURN_MS, options.seconds * TURN_MS_A_SECOND) },
      (what) => say(`measuring policies, ${what} ...`),
    );
  return { throughput: standings, live: latencies, stages, disk, analysts: analysis, policies: policy };
}

function settingsOf({ parts: _parts, json: _json, save: _save, ...settings }: BenchOptions): Results['options'] {
  return settings;
}

async function main(argv: readonly string[]): Promise<number> {
  const options = benchOptions(argv);
  if (options === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!existsSync(MAIN)) throw new Error('dist is missing: run npm run build first');
  const results = await bench(options);
  const text = report(results);
  if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
  (options.json ? process.stderr : process.stdout).write(`\n${text}`);
  if (options.save) say(`\nsaved to ${await saved(results)}`);
  return 0;
}

let exitCode = 1;
try {
  exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}
// What still runs after an interruption ends with us.
process.exit(exitCode);
