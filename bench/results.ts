/** Everything one run of the benchmark found, as it is saved. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import type { Analysts } from './analysts.js';
import type { DiskUse } from './disk-use.js';
import type { EventMix } from './events.js';
import type { Live } from './live.js';
import type { BenchOptions } from './options.js';
import { HTTP_PER_SECOND, type Policies } from './policies.js';
import type { StageCosts } from './stage-costs.js';
import type { Contender, Standing } from './throughput.js';

export type LogKind = 'kafka' | 'embedded';

export interface Target {
  readonly name: string;
  readonly found: number;
  /** As printed: ">= 0.4". */
  readonly wanted: string;
  readonly met: boolean;
}

export interface Results {
  readonly machine: Machine;
  readonly options: Omit<BenchOptions, 'parts' | 'json' | 'save'>;
  /** null: no part needed the events. */
  readonly mix: EventMix | null;
  readonly throughput: readonly Standing[];
  readonly live: { readonly [Kind in LogKind]?: Live };
  readonly stages: { readonly [Kind in LogKind]?: StageCosts };
  readonly disk: DiskUse | null;
  readonly analysts: { readonly [Kind in LogKind]?: Analysts };
  readonly policies: Policies | null;
  readonly targets: readonly Target[];
}

export interface Machine {
  readonly node: string;
  readonly system: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMib: number;
  /** Of the last minute, when the benchmark began: what others were doing. */
  readonly loadBefore: number;
}

export function machine(): Machine {
  const processors = cpus();
  return {
    node: process.version,
    system: `${process.platform} ${release()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryMib: Math.round(totalmem() / 2 ** 20),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
  };
}

const MAX_RSS_MIB = 512;
const DECISION_P99_MS = 50;
const PROFILE_P99_MS = 5;
const SHARE_OF_KAFKAJS = 0.4;
const SCORE_P99_MS = 50;
const MILLION_SIMULATED_MINUTES = 5;

/** Only those whose parts ran. */
export function targetsOf({ throughput, live, policies }: Pick<Results, 'throughput' | 'live' | 'policies'>): Target[] {
  const found: Target[] = [];
  const atLeast = (name: string, value: number, wanted: number) =>
    found.push({ name, found: round(value), wanted: `>= ${wanted}`, met: value >= wanted });
  const below = (name: string, value: number, wanted: number) =>
    found.push({ name, found: round(value), wanted: `< ${wanted}`, met: value < wanted });
  const best = (contender: Contender) => throughput.find((standing) => standing.contender === contender)?.best;
  const alone = Math.max(best('kafkajs')?.perSecond ?? 0, best('kafkajs-large-young-generation')?.perSecond ?? 0);
  const [kafka, embedded] = [best('tipstream-kafka'), best('tipstream-embedded')];
  if (kafka && alone > 0) atLeast('events/s from Kafka, to kafkajs and JSON.parse alone', kafka.perSecond / alone, SHARE_OF_KAFKAJS);
  if (kafka && embedded) atLeast('events/s from the embedded log, to those from Kafka', embedded.perSecond / kafka.perSecond, 1);
  for (const standing of throughput) {
    if (!standing.contender.startsWith('tipstream')) continue;
    const peak = Math.max(...standing.turns.map(({ peakRssMib }) => peakRssMib ?? 0));
    below(`peak RSS while catching up, ${standing.contender}, MiB`, peak, MAX_RSS_MIB);
  }
  for (const kind of ['kafka', 'embedded'] as const) {
    const measured = live[kind];
    if (measured === undefined) continue;
    below(`candidates to tip.scored on ${kind}, p99, ms`, measured.decision.p99, DECISION_P99_MS);
    below(`profile read on ${kind}, p99, ms`, measured.profileIdle.p99, PROFILE_P99_MS);
    below(`profile read on ${kind} under load, p99, ms`, measured.profileUnderLoad.p99, PROFILE_P99_MS);
  }
  if (policies !== null) {
    for (const { name, latencies } of policies.http) below(`${name}, ${HTTP_PER_SECOND}/s, p99, ms`, latencies.p99, SCORE_P99_MS);
    below('simulate, a million decisions, minutes', policies.simulation.millionMinutes, MILLION_SIMULATED_MINUTES);
  }
  return found;
}

const round = (value: number) => Math.round(value * 100) / 100;
