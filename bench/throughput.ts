/**
 * How fast a million events become committed state, beside what kafkajs takes to consume and JSON.parse them alone. The contenders
 * take turns, round by round, so that a machine that slows down slows all of them.
 */
import { catchUp } from './catch-up.js';
import { kafkajsBaseline } from './kafkajs-baseline.js';
import { median } from './latencies.js';
import type { Place } from './places.js';

export type Contender = 'kafkajs' | 'kafkajs-large-young-generation' | 'tipstream-kafka' | 'tipstream-embedded';

/** One run. */
export interface Turn {
  readonly perSecond: number;
  readonly tookMs: number;
  readonly cpuSeconds: number;
  readonly peakRssMib: number | null;
  /** Of tipstream: from the start of the process to the first partition assigned, and to its end. */
  readonly startUpMs?: number;
  readonly wholeMs?: number;
}

export interface Standing {
  readonly contender: Contender;
  readonly best: Turn;
  readonly medianPerSecond: number;
  readonly turns: readonly Turn[];
}

export interface Race {
  readonly kafka: Place | null;
  readonly embedded: Place;
  readonly rounds: number;
  readonly onTurn: (contender: Contender, turn: Turn) => void;
}

/** What `node` needs to be told for kafkajs to be at its fastest. */
const LARGE_YOUNG_GENERATION = ['--max-semi-space-size=64'];

export async function throughput(race: Race): Promise<Standing[]> {
  const turns = new Map<Contender, Turn[]>();
  for (let round = 0; round < race.rounds; round++) {
    for (const [contender, run] of contenders(race)) {
      const turn = await run();
      turns.set(contender, [...(turns.get(contender) ?? []), turn]);
      race.onTurn(contender, turn);
    }
  }
  return [...turns].map(([contender, all]) => ({
    contender,
    turns: all,
    best: all.reduce((best, turn) => (turn.perSecond > best.perSecond ? turn : best)),
    medianPerSecond: Math.round(median(all.map(({ perSecond }) => perSecond))),
  }));
}

function contenders({ kafka, embedded }: Race): [Contender, () => Promise<Turn>][] {
  const ours = (place: Place) => () => fold(place);
  const found: [Contender, () => Promise<Turn>][] = [];
  if (kafka !== null) {
    found.push(
      ['kafkajs', () => baseline(kafka, [])],
      ['tipstream-kafka', ours(kafka)],
      ['kafkajs-large-young-generation', () => baseline(kafka, LARGE_YOUNG_GENERATION)],
    );
  }
  found.push(['tipstream-embedded', ours(embedded)]);
  return found;
}

async function baseline({ brokers, prefix, loaded }: Place, nodeFlags: readonly string[]): Promise<Turn> {
  const { tookMs, cpuSeconds, peakRssMib, events } = await kafkajsBaseline(
    brokers!,
    [`${prefix}tip.served`, `${prefix}tip.feedback`],
    loaded.events,
    nodeFlags,
  );
  return { perSecond: rate(events, tookMs), tookMs, cpuSeconds, peakRssMib };
}

async function fold(place: Place): Promise<Turn> {
  const { events, catchUpMs, startUpMs, wholeMs, cpuSeconds, peakRssMib } = await catchUp({ args: await place.fresh() });
  if (events !== place.loaded.events) throw new Error(`the service folded ${events} events of ${place.loaded.events}`);
  return { perSecond: rate(events, catchUpMs), tookMs: catchUpMs, cpuSeconds, peakRssMib, startUpMs, wholeMs };
}

const rate = (events: number, ms: number) => Math.round((events * 1_000) / ms);
