/**
 * What Prometheus scrapes. Gauges that count come from the state files, so they survive restarts with the state they count; names that
 * end in _total or _duration_seconds are of this process.
 */
import { Counter, Histogram, Registry as MetricsRegistry, collectDefaultMetrics } from 'prom-client';
import type { LagRow } from '../../log/lag.js';
import { collectedGauge } from './collected-gauge.js';
import { GatewayMetrics } from './gateway-metrics.js';
import { PolicyMetrics } from './policy-metrics.js';
import type { PolicyFacts } from '../policies/policy-facts.js';
import type { Scoring } from '../../consumers/fold/reports.js';

export interface MetricsDeps {
  counts(): ReadonlyMap<string, number>;
  backlog(): number;
  lag(): Promise<readonly LagRow[]>;
  /** Whether the log answers. */
  logReachable(): boolean;
  /** How many partitions no member of the group was given. */
  unowned(): number;
  /** undefined while no partition is held here. */
  policies(): Promise<PolicyFacts | undefined>;
}

/** Of the process, however many services it has had: each collection has observers of its own that never end. */
let ofProcess: MetricsRegistry | undefined;

function processMetrics(): MetricsRegistry {
  if (ofProcess === undefined) collectDefaultMetrics({ register: (ofProcess = new MetricsRegistry()) });
  return ofProcess;
}

export class ServiceMetrics {
  readonly gateway: GatewayMetrics;
  readonly policies: PolicyMetrics;
  readonly #deps: MetricsDeps;
  readonly #registry = new MetricsRegistry();
  readonly #records: Counter;
  readonly #batches: Histogram;
  /** Asked for once for all gauges of an exposition. What cannot be had is left out: the rest is worth having. */
  #lag: Promise<readonly LagRow[]> = Promise.resolve([]);
  #facts: Promise<PolicyFacts | undefined> = Promise.resolve(undefined);

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    const registry = this.#registry;
    this.#records = new Counter({
      name: 'tipstream_records_total',
      help: 'Records taken from the log since this process started',
      registers: [registry],
    });
    this.#batches = new Histogram({
      name: 'tipstream_batch_duration_seconds',
      help: 'Time from BEGIN to COMMIT of a batch',
      registers: [registry],
      buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    });
    collectedGauge(
      registry,
      {
        name: 'tipstream_events',
        help: 'Counts since the state files were made: decisions, shadow_compared and the like',
        labelNames: ['name'],
      },
      (set) => {
        for (const [name, count] of deps.counts()) if (!name.includes(':')) set({ name }, count);
      },
    );
    collectedGauge(
      registry,
      { name: 'tipstream_applied', help: 'Valid records applied since the state files were made', labelNames: ['topic'] },
      (set) => {
        for (const [name, count] of deps.counts()) if (name.startsWith('applied:')) set({ topic: name.slice('applied:'.length) }, count);
      },
    );
    collectedGauge(
      registry,
      { name: 'tipstream_rejected', help: 'Records sent to dead letters since the state files were made', labelNames: ['topic', 'code'] },
      (set) => {
        for (const [name, count] of deps.counts()) {
          const [kind, topic, code] = name.split(':');
          if (kind === 'rejected') set({ topic: topic!, code: code! }, count);
        }
      },
    );
    collectedGauge(
      registry,
      { name: 'tipstream_outbox_messages', help: 'Messages committed here and not yet acknowledged by the log' },
      (set) => set({}, deps.backlog()),
    );
    const ofPartitions = (name: string, help: string, of: 'lag_records' | 'lag_seconds'): void =>
      collectedGauge(registry, { name, help, labelNames: ['topic', 'partition'] }, async (set) => {
        for (const row of await this.#lag) {
          const value = row[of];
          if (value !== null) set({ topic: row.topic, partition: String(row.partition) }, value);
        }
      });
    ofPartitions('tipstream_lag_records', 'Records in the log that are not applied', 'lag_records');
    ofPartitions('tipstream_lag_seconds', 'Age of the first record not yet applied; absent where it cannot be known', 'lag_seconds');
    collectedGauge(
      registry,
      { name: 'tipstream_log_reachable', help: '1 while the log answers, 0 when it has not for 10 s: then lag is as of its last answer' },
      (set) => set({}, deps.logReachable() ? 1 : 0),
    );
    collectedGauge(
      registry,
      { name: 'tipstream_partitions_unowned', help: 'Partitions that no member of the group was given: nobody reads them' },
      (set) => set({}, deps.unowned()),
    );
    this.policies = new PolicyMetrics(registry, () => this.#facts);
    this.gateway = new GatewayMetrics(registry);
  }

  applied(records: number, tookMs: number, scored: readonly Scoring[]): void {
    this.#records.inc(records);
    this.#batches.observe(tookMs / 1000);
    this.policies.scored(scored);
  }

  exposition(): Promise<string> {
    this.#lag = this.#deps.lag().catch(() => []);
    this.#facts = this.#deps.policies().catch(() => undefined);
    return MetricsRegistry.merge([processMetrics(), this.#registry]).metrics();
  }
}
