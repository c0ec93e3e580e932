/** A histogram of what was counted elsewhere: a batch at a time, where prom-client's own takes one observation at a time. */
import type { Metric, Registry } from 'prom-client';
import type { LatencyCounts } from '../../consumers/fold/latency-counts.js';

export interface CountedHistogramShape<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelName: Label;
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
}

interface Series {
  readonly counts: number[];
  sum: number;
}

interface Sample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export class CountedHistogram<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly type = 'histogram';
  readonly #shape: CountedHistogramShape<Label>;
  readonly #series = new Map<string, Series>();

  /** Registers itself. */
  constructor(registry: Registry, shape: CountedHistogramShape<Label>) {
    this.name = shape.name;
    this.help = shape.help;
    this.#shape = shape;
    // A registry asks its metrics for name and `get`; its types name prom-client's own classes.
    registry.registerMetric(this as unknown as Metric);
  }

  /** @param counted by the same bounds */
  add(label: string, { counts, sumSeconds }: LatencyCounts): void {
    let series = this.#series.get(label);
    if (series === undefined) this.#series.set(label, (series = { counts: counts.map(() => 0), sum: 0 }));
    for (let bucket = 0; bucket < counts.length; bucket++) series.counts[bucket]! += counts[bucket]!;
    series.sum += sumSeconds;
  }

  /** A series of nothing, so that a rate of it is 0 before its first. */
  zero(label: string): void {
    this.add(label, { counts: new Array<number>(this.#shape.bounds.length + 1).fill(0), sumSeconds: 0 });
  }

  get(): Promise<{ name: string; help: string; type: string; aggregator: 'sum'; values: readonly Sample[] }> {
    const { name, help, type } = this;
    const values = [...this.#series].flatMap(([label, series]) => this.#samples({ [this.#shape.labelName]: label }, series));
    return Promise.resolve({ name, help, type, aggregator: 'sum', values });
  }

  reset(): void {
    this.#series.clear();
  }

  #samples(labels: Readonly<Record<string, string>>, { counts, sum }: Series): Sample[] {
    let count = 0;
    const bounds = [...this.#shape.bounds, '+Inf'];
    const buckets = bounds.map((le, bucket) => ({
      metricName: `${this.name}_bucket`,
      labels: { le, ...labels },
      value: (count += counts[bucket]!),
    }));
    return [...buckets, { metricName: `${this.name}_sum`, labels, value: sum }, { metricName: `${this.name}_count`, labels, value: count }];
  }
}
