/** A look at data quality as the service answers it: a feature that has moved, one that has not, and a topic with faults. */
import type { DataQualityDocument, FeatureQuality, QualityHistoryDocument, TopicQuality } from '../../src/service/application.js';

type Found = Omit<DataQualityDocument, 'partitions' | 'late_after_ms' | 'lateness'>;

export function foundQuality(nowMs: number): Found {
  const day = 86_400_000;
  const bin = { from: null, to: null, category: null, kind: 'value' as const };
  const feature: FeatureQuality = {
    ...{ name: 'completion_rate_30d', dtype: 'numeric', unit: 'ratio', stale: false, n: 1_000, nulls: 20, null_rate: 0.02, rank_error: 0 },
    staleness: { ttl_ms: day, published_as_of_ms: nowMs - 5_000, served_as_of_ms: null, age_ms: 5_000, silent_sources: [] },
    summary: {
      ...{ min: 0, max: 1, mean: 0.4, stddev: 0.3 },
      percentiles: { p1: 0, p5: 0, p25: 0.2, p50: 0.25, p75: 0.6, p90: 0.9, p95: 1, p99: 1 },
    },
    distribution: [
      { ...bin, from: 0, to: 0.5, count: 700, baseline_count: 200 },
      { ...bin, from: 0.5, to: 1, count: 280, baseline_count: 290 },
      { ...bin, kind: 'null', count: 20, baseline_count: 10 },
    ],
    ...{ psi: 0.4, threshold: 0.2, by_chance: 0.03, kl: 0.19, js: null, drifted: true, baseline_n: 500, baseline_null_rate: 0.02 },
    ks: { statistic: 0.31, error: 0, p_value: 0.000_1, threshold: 0.2 },
  };
  const category: FeatureQuality = {
    ...feature,
    ...{
      name: 'preferred_category',
      dtype: 'categorical',
      unit: 'category',
      summary: null,
      ks: null,
      psi: 0.01,
      kl: 0.005,
      drifted: false,
    },
    js: { divergence: 0.002, threshold: 0.036 },
    distribution: [
      { ...bin, category: 'work', count: 600, baseline_count: 300 },
      { ...bin, category: 'home', count: 380, baseline_count: 190 },
      { ...bin, kind: 'null', count: 20, baseline_count: 10 },
    ],
  };
  const topic: TopicQuality = {
    ...{ topic: 'tip.feedback', records: 2_000, not_events: 0, future_dated: 3, far_ahead: 2, duplicates: 1, negative_dwell: 4 },
    ...{ orphans: 2, unknown_categories: null },
    producers: [{ producer: 'phone-app', records: 2_000, median_ms: 900, least_ms: -70_000 }],
    silence: { last_event_ms: nowMs - 60_000, silent_for_ms: 60_000, rhythm_ms: 3_600_000, silent: false },
    volume: { hour_from_ms: nowMs - 3_600_000, events: 1_200, last_week: 1_150, unusual: false },
    read: { is_whole: true, from_beginning: false },
  };
  const positions = { 'tip.feedback': { '0': 1_400, '1': 1_400, '2': 1_400, '3': 1_400 } };
  return {
    ...{ verdict: 'alert', as_of_ms: nowMs - 4_000, feature_set: '0123456789abcdef', users: 1_000, positions, partitions_missing: [] },
    baseline: {
      ...{ as_of_ms: nowMs - 7 * day, made_at_ms: nowMs - 6 * day, feature_set: '0123456789abcdef', users: 500, positions },
      ...{ partitions: [0, 1, 2, 3], partitions_missing: [] },
    },
    features: [feature, category],
    skipped: [],
    topics: [topic],
    skew: {
      ...{ proven_at_ms: nowMs - day, feature_set: '0123456789abcdef', positions, partitions_missing: [], compared: 9_000, differing: 0 },
      not_compared: [{ reason: 'made with another feature set', decisions: 12 }],
      unproven_features: [],
    },
    alerts: [
      {
        kind: 'drift',
        about: 'completion_rate_30d',
        message: 'completion_rate_30d has moved from its baseline: PSI 0.4 (limit 0.2); Kolmogorov-Smirnov 0.31 (limit 0.2)',
        hint: 'Look at its distribution beside the baseline. Where the change is meant, run `tipstream quality baseline`.',
      },
    ],
    could_not_tell: [{ about: 'skew', reason: '12 decisions could not be compared' }],
  };
}

/** Two days: on the first the tips are pruned, on the second users and decisions differ. */
export function qualityHistory(nowMs: number): QualityHistoryDocument {
  const day = 86_400_000;
  const todayMs = Math.floor(nowMs / day) * day;
  const { features, baseline } = foundQuality(nowMs);
  const of = (n: number) =>
    features.map(({ name, nulls, null_rate, summary, distribution, psi, threshold }) => ({
      ...{ name, n, nulls, null_rate, summary, distribution, psi, threshold },
    }));
  return {
    by: 'day',
    partitions: [0, 1, 2, 3],
    partitions_missing: [],
    feature_set: '0123456789abcdef',
    baseline,
    other_definitions: 3,
    periods: [
      { from_ms: todayMs - 2 * day, to_ms: todayMs - day, users: null, features: [], decisions: 40, served: of(40) },
      { from_ms: todayMs - day, to_ms: todayMs, users: 1_000, features: of(1_000), decisions: 41, served: of(41) },
    ],
    could_not_tell: [],
  };
}
