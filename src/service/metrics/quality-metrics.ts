/** What the last look at data quality found, of the partitions held here; absent before the first one. */
import type { Registry } from 'prom-client';
import { ALERT_KINDS, type FeatureQuality, type QualityDocument } from '../../monitoring/documents.js';
import { collectedGauge } from './collected-gauge.js';

export function qualityMetrics(registry: Registry, last: () => QualityDocument | undefined): void {
  const ofFeatures = (name: string, help: string, of: (feature: FeatureQuality) => number | boolean | null): void =>
    collectedGauge(registry, { name, help, labelNames: ['feature'] }, (set) => {
      for (const feature of last()?.features ?? []) {
        const value = of(feature);
        if (value !== null) set({ feature: feature.name }, Number(value));
      }
    });
  ofFeatures('tipstream_feature_null_ratio', 'Share of the known users who have no value, 0 to 1', (one) => one.null_rate);
  ofFeatures('tipstream_feature_psi', 'Population stability index against the baseline; absent without one', (one) => one.psi);
  ofFeatures('tipstream_feature_psi_limit', 'What tipstream_feature_psi must exceed to count as drift', (one) => one.threshold);
  ofFeatures('tipstream_feature_drifted', '1 when a feature has moved from its baseline by either measure, else 0', (one) => one.drifted);
  ofFeatures(
    'tipstream_feature_stale',
    '1 when its stored values are older than its TTL or a source is silent, else 0',
    (one) => one.stale,
  );
  ofFeatures('tipstream_feature_samples', 'Known users whose values were looked at', (one) => one.n);
  collectedGauge(
    registry,
    {
      name: 'tipstream_topic_faults',
      help: 'Faults that the last look found in a topic: of its newest records, or of all tips kept; docs/quality.md says which',
      labelNames: ['topic', 'fault'],
    },
    (set) => {
      for (const { topic, unknown_categories: unknown, ...of } of last()?.topics ?? []) {
        const faults = {
          not_events: of.not_events,
          future_dated: of.future_dated,
          far_ahead: of.far_ahead,
          duplicates: of.duplicates,
          negative_dwell: of.negative_dwell,
          orphans: of.orphans,
          unknown_categories: unknown?.servings ?? null,
        };
        for (const [fault, found] of Object.entries(faults)) if (found !== null) set({ topic, fault }, found);
      }
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_topic_silence_seconds', help: 'From the last event of a topic to the last look', labelNames: ['topic'] },
    (set) => {
      for (const { topic, silence } of last()?.topics ?? [])
        if (silence.silent_for_ms !== null) set({ topic }, silence.silent_for_ms / 1_000);
    },
  );
  collectedGauge(
    registry,
    { name: 'tipstream_quality_alerts', help: 'Alerts of `tipstream quality` that stand, by kind', labelNames: ['kind'] },
    (set) => {
      const report = last();
      if (report !== undefined) for (const kind of ALERT_KINDS) set({ kind }, report.alerts.filter((alert) => alert.kind === kind).length);
    },
  );
  collectedGauge(
    registry,
    {
      name: 'tipstream_skew_decisions',
      help: 'Decisions that `tipstream quality skew` compared last, and those of them whose profile differed',
      labelNames: ['outcome'],
    },
    (set) => {
      const skew = last()?.skew;
      if (skew == null) return;
      set({ outcome: 'compared' }, skew.compared);
      set({ outcome: 'differing' }, skew.differing);
    },
  );
  collectedGauge(registry, { name: 'tipstream_quality_timestamp_seconds', help: 'As of when the last look was, Unix seconds' }, (set) => {
    const report = last();
    if (report !== undefined) set({}, report.as_of_ms / 1_000);
  });
}
