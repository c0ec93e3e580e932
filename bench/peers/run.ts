/**
 * `npm run bench:peers`: the same events folded by tipstream, by Kafka Streams and by Flink as their engineers would set them up, all
 * to their last commit, in turns. docs/benchmarks.md says what each does.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { catchUp, MAIN } from '../catch-up.js';
import { interruption, saved, say, undoneAfter } from '../command.js';
import type { EventMix } from '../events.js';
import { start } from '../measured-process.js';
import { wholeNumber } from '../options.js';
import { embeddedPlace, kafkaPlace } from '../places.js';
import { machine } from '../results.js';
import { digestOfAnswers } from './answers.js';
import { comparisonChart } from './chart.js';
import { CONTENDERS, type Contender, type Track, type Turn } from './contenders.js';
import { javaPeers } from './java.js';
import { comparisonTable, type ComparedWorld, type Comparison, type Standing } from './results.js';
import { WORLDS, type World } from './worlds.js';

const HELP = `Usage: npm run bench:peers -- [options]

  --events NUMBER      served and feedback events (default 1000000)
  --users NUMBER       of how many users (default 50000)
  --partitions NUMBER  (default 4)
  --rounds NUMBER      runs of each contender, in turns; the best counts (default 2)
  --only NAME          a contender; may be given more than once
                       ${CONTENDERS.map(({ name }) => name).join(', ')}
  --world NAME         a shape of the events, or all; may be given more than once (default plain)
                       ${WORLDS.map(({ name }) => name).join(', ')}
  --answers            measure nothing: have each peer say its answers, and compare their digest with tipstream's
  --json               print the results as JSON on stdout, the table on stderr
  --no-save            keep no copy in bench/results
  --chart FILE         also write a chart, as SVG; with --from, of saved results
  --from FILE          measure nothing: print the table of results that were saved before

Streams and Flink need a JDK of version 17 or newer and Maven, which fetches their jars once.
Kafka is the broker that KAFKA_BROKERS names, else one started from Docker or from Maven's jars.
`;

const HOUR_MS = 3_600_000;
const interrupted = interruption();

interface Options {
  readonly events: number;
  readonly users: number;
  readonly partitions: number;
  readonly rounds: number;
  readonly contenders: readonly Contender[];
  readonly worlds: readonly World[];
  readonly answers: boolean;
  readonly json: boolean;
  readonly save: boolean;
  readonly chart: string | undefined;
  readonly from: string | undefined;
}

/** undefined: help was asked for. Throws for what cannot be understood. */
function optionsOf(argv: readonly string[]): Options | undefined {
  const flag = { type: 'boolean', default: false } as const;
  const text = { type: 'string' } as const;
  const many = { type: 'string', multiple: true } as const;
  const { values } = parseArgs({
    args: [...argv],
    allowPositionals: false,
    options: {
      events: text,
      users: text,
      partitions: text,
      rounds: text,
      only: many,
      world: many,
      answers: flag,
      json: flag,
      'no-save': flag,
      chart: text,
      from: text,
      help: { ...flag, short: 'h' },
    },
  });
  if (values.help) return undefined;
  return {
    events: wholeNumber('events', values.events, 1_000_000),
    users: wholeNumber('users', values.users, 50_000),
    partitions: wholeNumber('partitions', values.partitions, 4),
    rounds: wholeNumber('rounds', values.rounds, 2),
    contenders: chosen(CONTENDERS, values.only, '--only'),
    worlds: values.world?.includes('all') ? WORLDS : chosen(WORLDS, values.world ?? ['plain'], '--world'),
    answers: values.answers,
    json: values.json,
    save: !values['no-save'] && values.from === undefined,
    chart: values.chart,
    from: values.from,
  };
}

function chosen<Named extends { readonly name: string }>(all: readonly Named[], names: readonly string[] | undefined, flag: string) {
  if (names === undefined) return all;
  const known = all.map(({ name }) => name);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger !== undefined) throw new Error(`${flag} takes ${known.join(', ')}; not ${JSON.stringify(stranger)}`);
  return all.filter(({ name }) => names.includes(name));
}

/** The work on the events of one world, which are gone afterwards. */
async function onTrack<Found>(options: Options, world: World, work: (track: Track, mix: EventMix) => Promise<Found>): Promise<Found> {
  const { events, users, partitions } = options;
  const mix: EventMix = { events, users, endMs: Date.now() - HOUR_MS, withDecisions: false, ...world.mix };
  say(`${world.name}: filling the logs with ${events} events of ${users} users ...`);
  return undoneAfter(async (undo) => {
    const java = options.contenders.some(({ engine }) => engine !== undefined) ? await javaPeers() : undefined;
    if (java !== undefined) undo.push(java.remove);
    const embedded = await embeddedPlace(partitions, mix, world.batch);
    undo.push(embedded.remove);
    const kafka = await kafkaPlace(partitions, mix, world.batch);
    if (kafka === null) throw new Error('the peers need a Kafka broker');
    undo.push(kafka.remove);
    return Promise.race([work({ kafka, embedded, java }, mix), interrupted]);
  });
}

function compare(options: Options, world: World): Promise<ComparedWorld> {
  const { contenders, rounds, events, users } = options;
  return onTrack(options, world, async (track) => {
    const turns = new Map<string, Turn[]>(contenders.map(({ name }) => [name, []]));
    const failures = new Map<string, string>();
    for (let round = 0; round < rounds; round++) {
      for (const { name, run } of contenders) {
        try {
          const { events: folded, tookMs, cpuSeconds, peakRssMib } = await run(track);
          if (folded !== events) throw new Error(`it folded ${folded} events of ${events}`);
          turns.get(name)!.push({ events: folded, tookMs, cpuSeconds, peakRssMib });
          say(`${name}: ${Math.round((folded * 1_000) / tookMs)} events/s, ${cpuSeconds.toFixed(1)} s of CPU, ${peakRssMib ?? '?'} MiB`);
        } catch (error) {
          failures.set(name, String(error instanceof Error ? error.message : error));
          say(`${name} FAILED: ${failures.get(name)}`);
        }
      }
    }
    const standings = contenders.map(({ name }): Standing => {
      const failed = failures.get(name);
      return { contender: name, turns: turns.get(name)!, ...(failed === undefined ? {} : { failed }) };
    });
    return { world: world.name, events, users, standings };
  });
}

/** Whether every peer's answers have the digest of tipstream's. */
function compareAnswers(options: Options, world: World): Promise<boolean> {
  return onTrack(options, world, async (track, { endMs }) => {
    const asOfMs = endMs + 1;
    const args = await track.kafka.fresh();
    await catchUp({ args });
    const state = args.filter((_, at) => args[at] !== '--group' && args[at - 1] !== '--group');
    const { stdout } = await start(process.execPath, [MAIN, 'digest', '--json', '--as-of', String(asOfMs), ...state], {}).finished;
    const { digest } = JSON.parse(stdout) as { digest: string };
    say(`tipstream: ${digest}`);
    let equal = true;
    for (const { name, run } of options.contenders.filter(({ engine }) => engine !== undefined)) {
      const file = join(await track.java!.folder('answers'), 'users.tsv');
      await run(track, { asOfMs, file });
      const found = await digestOfAnswers(file);
      say(`${name}: ${found === digest ? 'the same' : `DIFFERS: ${found}`}`);
      if (found !== digest) equal = false;
    }
    return equal;
  });
}

async function measured(options: Options): Promise<Comparison> {
  const before = machine();
  const worlds: ComparedWorld[] = [];
  for (const world of options.worlds) worlds.push(await compare(options, world));
  return { machine: before, does: Object.fromEntries(options.contenders.map(({ name, does }) => [name, does])), worlds };
}

async function main(argv: readonly string[]): Promise<number> {
  const options = optionsOf(argv);
  if (options === undefined) {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.from === undefined && !existsSync(MAIN)) throw new Error('dist is missing: run npm run build first');
  if (options.answers) {
    let equal = true;
    for (const world of options.worlds) equal = (await compareAnswers(options, world)) && equal;
    return equal ? 0 : 2;
  }
  const comparison =
    options.from === undefined ? await measured(options) : (JSON.parse(await readFile(options.from, 'utf8')) as Comparison);
  if (options.json) process.stdout.write(`${JSON.stringify(comparison)}\n`);
  (options.json ? process.stderr : process.stdout).write(`\n${comparisonTable(comparison)}`);
  if (options.save) say(`\nsaved to ${await saved(comparison, 'peers-')}`);
  if (options.chart !== undefined) await writeFile(options.chart, comparisonChart(comparison));
  return comparison.worlds.some(({ standings }) => standings.some(({ failed }) => failed !== undefined)) ? 1 : 0;
}

let exitCode = 1;
try {
  exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`bench:peers: ${error instanceof Error ? error.message : String(error)}`);
}
// What still runs after an interruption ends with us.
process.exit(exitCode);
