/**
 * What Prometheus scrapes. Gauges that count come from the state files, so they survive restarts with the state they count; counters and
 * histograms, whose names end in _total and _seconds, are of this process. pipeline-metrics.ts says what was done, partition-metrics.ts
 * how partitions stand.
 */
import { Gauge, Registry as MetricsRegistry, collectDefaultMetrics } from 'prom-client';
import type { LagRow } from '../../log/lag.js';
import type { RegistryFacts } from '../../log/port.js';
import type { QualityDocument } from '../../monitoring/documents.js';
import { PACKAGE_VERSION } from '../../package.js';
import { fullTopicName, TIP_TOPICS, type ConsumedTopic } from '../../topics.js';
import type { PolicyFacts } from '../policies/policy-facts.js';
import { AuditMetrics } from './audit-metrics.js';
import { collectedGauge } from './collected-gauge.js';
import { directoryMetrics, type DirectoryMetricsDeps } from './directory-metrics.js';
import { GatewayMetrics } from './gateway-metrics.js';
import { partitionMetrics, type PartitionFacts } from './partition-metrics.js';
import { PipelineMetrics, type AppliedBatch } from './pipeline-metrics.js';
import { PolicyMetrics } from './policy-metrics.js';
import { registryMetrics } from './registry-metrics.js';
import { qualityMetrics } from './quality-metrics.js';

export interface MetricsDeps extends DirectoryMetricsDeps {
  readonly topicPrefix: string;
  /** Without the prefix; those of the set core unless given. */
  readonly inputs?: readonly ConsumedTopic[];
  /** What this process is: its log and its definitions. */
  readonly build: { readonly log: string; readonly featureSet: string };
  /** Unix ms. */
  readonly clock: () => number;
  counts(): ReadonlyMap<string, number>;
  backlog(): number;
  lag(): Promise<readonly LagRow[]>;
  partitions(): readonly PartitionFacts[];
  /** Absent: there is no schema registry. */
  readonly registryFacts?: (() => RegistryFacts) | undefined;
  /** Whether the log answers. */
  logReachable(): boolean;
  /** How many partitions no member of the group was given. */
  unowned(): number;
  /** undefined while no partition is held here. */
  policies(): Promise<PolicyFacts | undefined>;
  /** What the last look at data quality found; undefined: there was none. */
  quality(): QualityDocument | undefined;
}

/** Their names break the convention: a gauge must not end in _total. Each is the sum of one that stays. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** Of the process, however many services it has had: each collection has observers of its own that never end. */
let ofProcess: MetricsRegistry | undefined;

function processMetrics(): MetricsRegistry {
  if (ofProcess !== undefined) return ofProcess;
  collectDefaultMetrics({ register: (ofProcess = new MetricsRegistry()) });
  for (const name of MISNAMED) ofProcess.removeSingleMetric(name);
  return ofProcess;
}

export class ServiceMetrics {
  readonly audit: AuditMetrics;
  readonly gateway: GatewayMetrics;
  readonly pipeline: PipelineMetrics;
  readonly policies: PolicyMetrics;
  readonly #deps: MetricsDeps;
  readonly #registry = new MetricsRegistry();
  /** Asked for once for all gauges of an exposition. What cannot be had is left out: the rest is worth having. */
  #lag: Promise<readonly LagRow[]> = Promise.resolve([]);
  #facts: Promise<PolicyFacts | undefined> = Promise.resolve(undefined);

  constructor(deps: MetricsDeps) {
    this.#deps = deps;
    const registry = this.#registry;
    const { topicPrefix, clock } = deps;
    buildInfo(registry, deps.build);
    this.pipeline = new PipelineMetrics(registry, topicPrefix, deps.inputs);
    countGauges(registry, deps.counts);
    collectedGauge(
      registry,
      { name: 'tipstream_outbox_messages', help: 'Messages committed here and not yet acknowledged by the log' },
      (set) => set({}, deps.backlog()),
    );
    partitionMetrics(registry, {
      partitions: () => deps.partitions(),
      lag: () => this.#lag,
      featureTopics: new Set(TIP_TOPICS.map((topic) => fullTopicName(topicPrefix, topic))),
      clock,
    });
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
    if (deps.registryFacts !== undefined) registryMetrics(registry, deps.registryFacts);
    directoryMetrics(registry, deps);
    qualityMetrics(registry, () => deps.quality());
    this.policies = new PolicyMetrics(registry, () => this.#facts);
    this.gateway = new GatewayMetrics(registry);
    this.audit = new AuditMetrics(registry);
  }

  applied(batch: AppliedBatch & { readonly committed: Parameters<PolicyMetrics['committed']>[0] }): void {
    this.pipeline.applied(batch);
    this.policies.committed(batch.committed);
  }

  exposition(): Promise<string> {
    this.#lag = this.#deps.lag().catch(() => []);
    this.#facts = this.#deps.policies().catch(() => undefined);
    return MetricsRegistry.merge([processMetrics(), this.#registry]).metrics();
  }
}

function buildInfo(registry: MetricsRegistry, { log, featureSet }: MetricsDeps['build']): void {
  new Gauge({
    name: 'tipstream_build_info',
    help: '1, with what runs: its version, that of Node.js, the kind of its log and the hash of its feature definitions',
    labelNames: ['version', 'node', 'log', 'feature_set'],
    registers: [registry],
  }).set({ version: PACKAGE_VERSION, node: process.versions.node, log, feature_set: featureSet }, 1);
}

/** Counts since the state files were made, of the partitions held here. */
function countGauges(registry: MetricsRegistry, counts: () => ReadonlyMap<string, number>): void {
  collectedGauge(
    registry,
    {
      name: 'tipstream_events',
      help: 'Counts since the state files were made: decisions, shadow_compared and the like',
      labelNames: ['name'],
    },
    (set) => {
      for (const [name, count] of counts()) if (!name.includes(':')) set({ name }, count);
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_applied', help: 'Valid records applied since the state files were made', labelNames: ['topic'] },
    (set) => {
      for (const [name, count] of counts()) if (name.startsWith('applied:')) set({ topic: name.slice('applied:'.length) }, count);
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_rejected', help: 'Records sent to dead letters since the state files were made', labelNames: ['topic', 'code'] },
    (set) => {
      for (const [name, count] of counts()) {
        const [kind, topic, code] = name.split(':');
        if (kind === 'rejected') set({ topic: topic!, code: code! }, count);
      }
    },
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_shadow_agreement_ratio',
      help: 'Share of the compared decisions in which the shadow chose the same, 0 to 1, since the state files were made',
    },
    (set) => {
      const compared = counts().get('shadow_compared') ?? 0;
      if (compared > 0) set({}, (counts().get('shadow_agreed') ?? 0) / compared);
    },
  );
}
