/** What Prometheus scrapes. Counters come from the state files, so they survive restarts with the state they count. */
import { Counter, Gauge, Histogram, Registry as MetricsRegistry, collectDefaultMetrics } from 'prom-client';
import type { LagRow } from '../http/application.js';

export interface MetricsSource {
  tallies(): ReadonlyMap<string, number>;
  backlog(): number;
  lag(): Promise<readonly LagRow[]>;
}

/** Of the process, however many services it has had: each collection has observers of its own that never end. */
let ofProcess: MetricsRegistry | undefined;

function processMetrics(): MetricsRegistry {
  if (ofProcess === undefined) collectDefaultMetrics({ register: (ofProcess = new MetricsRegistry()) });
  return ofProcess;
}

export class ServiceMetrics {
  readonly #registry = new MetricsRegistry();
  readonly #records: Counter;
  readonly #batches: Histogram;

  constructor(source: MetricsSource) {
    const registers = [this.#registry];
    this.#records = new Counter({ name: 'tipstream_records_total', help: 'Records taken from the log since this process started', registers });
    this.#batches = new Histogram({
      name: 'tipstream_batch_duration_seconds', help: 'Time from BEGIN to COMMIT of a batch', registers, buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    });
    gauge('tipstream_events', 'Counts since the state files were made: decisions, shadow_compared and the like', ['name'], (set) => {
      for (const [name, count] of source.tallies()) if (!name.includes(':')) set({ name }, count);
    });
    gauge('tipstream_applied', 'Valid records applied since the state files were made', ['topic'], (set) => {
      for (const [name, count] of source.tallies()) if (name.startsWith('applied:')) set({ topic: name.slice('applied:'.length) }, count);
    });
    gauge('tipstream_rejected', 'Records sent to dead letters since the state files were made', ['topic', 'code'], (set) => {
      for (const [name, count] of source.tallies()) {
        const [kind, topic, code] = name.split(':');
        if (kind === 'rejected') set({ topic: topic!, code: code! }, count);
      }
    });
    gauge('tipstream_outbox_messages', 'Messages committed here and not yet acknowledged by the log', [], (set) => set({}, source.backlog()));
    const lagSeconds = new Gauge({ name: 'tipstream_lag_seconds', help: 'Age of the first record not yet applied', labelNames: ['topic', 'partition'], registers });
    new Gauge({
      name: 'tipstream_lag_records', help: 'Records in the log that are not applied', labelNames: ['topic', 'partition'], registers,
      async collect() {
        const rows = await source.lag().catch(() => []);
        this.reset();
        lagSeconds.reset();
        for (const { topic, partition, lag_records: records, lag_seconds: seconds } of rows) {
          this.set({ topic, partition: String(partition) }, records);
          lagSeconds.set({ topic, partition: String(partition) }, seconds);
        }
      },
    });

    function gauge(name: string, help: string, labelNames: string[], collect: (set: (labels: Record<string, string>, value: number) => void) => void): void {
      new Gauge({
        name, help, labelNames, registers,
        collect() {
          this.reset();
          collect((labels, value) => this.set(labels, value));
        },
      });
    }
  }

  applied(records: number, tookMs: number): void {
    this.#records.inc(records);
    this.#batches.observe(tookMs / 1000);
  }

  exposition(): Promise<string> {
    return MetricsRegistry.merge([processMetrics(), this.#registry]).metrics();
  }
}
