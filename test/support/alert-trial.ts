/**
 * Real scrapes of a real service, extended over time, for `promtool test rules`: each is held for some minutes, as if every scrape of them
 * had found the same. So an outage that lasts for an hour is tried in a second, by the numbers that the service exposes in it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { samples } from './exposition.js';
import { promtool } from './promtool.js';

export const RULES = join(import.meta.dirname, '../../deploy/alerts.yml');

export interface Scrape {
  /** What Prometheus would store: the exposition's samples, and `up`. Without an answer, `up` alone. */
  readonly samples: ReadonlyMap<string, number>;
  /** By the clock of the service, Unix ms. */
  readonly atMs: number;
}

/** GETs /metrics as Prometheus does. */
export async function scrape(address: string, clock: () => number = Date.now): Promise<Scrape> {
  const text = await fetch(`${address}/metrics`).then(
    async (answer) => (answer.ok ? await answer.text() : undefined),
    () => undefined,
  );
  const own = [...samples(text ?? '')].filter(([name]) => name.startsWith('tipstream_'));
  const up = ['up{}', text === undefined ? 0 : 1] as const;
  return { samples: new Map([up, ...own].map(([name, value]) => [labelled(name), value])), atMs: clock() };
}

export interface Held {
  readonly scrape: Scrape;
  readonly minutes: number;
  /** Metrics that grow by one a second meanwhile, as an age does. */
  readonly ageing?: readonly string[];
}

/** Which alerts fire so many minutes after the first scrape; all that do. */
export type Firing = readonly (readonly [minute: number, alerts: readonly string[]])[];

/** Scrapes in their order, each held; then what fires when. */
export async function expectFiring(held: readonly Held[], firing: Firing): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tipstream-alerts-'));
  try {
    const file = join(directory, 'trial.json');
    await writeFile(file, JSON.stringify(trial(held, firing))); // JSON is YAML
    const { code, text } = await promtool(['test', 'rules', file]);
    expect(code, text).toBe(0);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function trial(held: readonly Held[], firing: Firing) {
  const names = new Set(held.flatMap(({ scrape }) => [...scrape.samples.keys()]));
  let minute = 0;
  const parts = held.map((part) => ({ ...part, from: (minute += part.minutes) - part.minutes }));
  return {
    rule_files: [RULES],
    evaluation_interval: '1m',
    tests: [
      {
        interval: '1m',
        input_series: [...names].map((series) => ({ series, values: parts.map((part) => valuesOf(series, part)).join(' ') })),
        promql_expr_test: firing.map(([at, alerts]) => ({
          expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${at}m`,
          exp_samples: alerts.map((alertname) => ({ labels: `{alertname="${alertname}"}`, value: 1 })),
        })),
      },
    ],
  };
}

interface Part extends Held {
  /** Of its first minute. */
  readonly from: number;
}

/** `12+0x29`: 12, and 29 times more. `_x30`: 30 times nothing. */
function valuesOf(series: string, { scrape, minutes, from, ageing = [] }: Part): string {
  const value = scrape.samples.get(series);
  if (value === undefined || !Number.isFinite(value)) return `_x${minutes}`;
  const name = series.slice(0, series.indexOf('{'));
  // There the world begins in 1970: what was so long before the scrape is so long before its minute.
  const first = name.endsWith('_timestamp_seconds') ? from * 60 - (scrape.atMs / 1000 - value) : value;
  return `${plain(first)}+${ageing.includes(name) ? 60 : 0}x${minutes - 1}`;
}

/** Without an exponent, which the notation of series does not have. */
const plain = (value: number): string => (Number.isInteger(value) ? value.toFixed(0) : value.toFixed(9));

/** As Prometheus stores it, with the labels that it adds itself. */
function labelled(sample: string): string {
  const [, name, labels] = /^(\w+)(?:\{(.*)\})?$/.exec(sample)!;
  const own = labels === undefined || labels === '' ? [] : [labels];
  return `${name}{${[...own, 'job="tipstream"', 'instance="127.0.0.1:8080"'].join(',')}}`;
}
