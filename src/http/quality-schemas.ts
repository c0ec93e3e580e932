/** What a look at data quality found, as answers describe it. docs/quality.md explains the fields. */
import { z } from 'zod';
import { ALERT_KINDS, type BaselineFacts, type FeatureQuality, type SkewFacts, type TopicQuality } from '../monitoring/documents.js';
import type { LookedQuality } from '../service/quality/quality-looks.js';
import { count, positions, timeMs } from './schema-parts.js';

const number = z.number();
const share = number.min(0).max(1);

export const summary = z.object({
  min: number.nullable(),
  max: number.nullable(),
  mean: number.nullable(),
  stddev: number.nullable(),
  percentiles: z.record(z.string(), number).nullable(),
});

export const bin = z.object({
  from: number.nullable(),
  to: number.nullable(),
  category: z.string().nullable(),
  kind: z.enum(['value', 'null', 'others']),
  count,
  baseline_count: count.nullable(),
});

const feature = z.object({
  name: z.string(),
  dtype: z.enum(['numeric', 'categorical']),
  unit: z.string(),
  stale: z.boolean().nullable().meta({ description: 'null: no stored value was found' }),
  staleness: z.object({
    ttl_ms: count,
    published_as_of_ms: timeMs.nullable(),
    served_as_of_ms: timeMs.nullable(),
    age_ms: number.nullable(),
    silent_sources: z.array(z.string()),
  }),
  n: count.meta({ description: 'known users' }),
  nulls: count,
  null_rate: share.nullable(),
  summary: summary.nullable(),
  rank_error: share,
  distribution: z.array(bin),
  psi: number.nullable().meta({ description: 'population stability index; null: there is no baseline' }),
  threshold: number.nullable().meta({ description: 'max(0.2, by_chance)' }),
  by_chance: number.nullable(),
  kl: number.nullable(),
  ks: z.object({ statistic: share, error: number, p_value: share, threshold: number }).nullable(),
  js: z.object({ divergence: number, threshold: number }).nullable(),
  drifted: z.boolean().nullable(),
  baseline_n: count.nullable(),
  baseline_null_rate: share.nullable(),
}) satisfies z.ZodType<FeatureQuality>;

const topic = z.object({
  topic: z.string(),
  records: count,
  not_events: count,
  future_dated: count,
  far_ahead: count,
  duplicates: count,
  producers: z.array(z.object({ producer: z.string(), records: count, median_ms: number, least_ms: number })),
  negative_dwell: count.nullable(),
  orphans: count.nullable(),
  unknown_categories: z
    .object({
      of: z
        .enum(['servings', 'candidates'])
        .meta({ description: 'what was counted: servings of 30 days, or candidates of the newest records' }),
      servings: count.meta({ description: 'how many of these have a category that the baseline does not have' }),
      categories: z.array(z.string()),
    })
    .nullable(),
  silence: z.object({
    last_event_ms: timeMs.nullable(),
    silent_for_ms: number.nullable(),
    rhythm_ms: number.nullable(),
    silent: z.boolean().nullable(),
  }),
  volume: z.object({ hour_from_ms: number, events: count, last_week: count.nullable(), unusual: z.boolean().nullable() }).nullable(),
  read: z.object({ is_whole: z.boolean(), from_beginning: z.boolean() }),
}) satisfies z.ZodType<TopicQuality>;

const skew = z.object({
  proven_at_ms: timeMs,
  feature_set: z.string(),
  positions,
  partitions_missing: z.array(count),
  compared: count,
  differing: count,
  not_compared: z.array(z.object({ reason: z.string(), decisions: count })),
  unproven_features: z.array(z.string()),
}) satisfies z.ZodType<SkewFacts>;

export const baselineFacts = z.object({
  as_of_ms: timeMs,
  made_at_ms: timeMs,
  feature_set: z.string(),
  users: count,
  positions,
  partitions: z.array(count),
  partitions_missing: z.array(count),
}) satisfies z.ZodType<BaselineFacts>;

export const untold = z.array(z.object({ about: z.string(), reason: z.string() }));

export const foundQuality = {
  verdict: z.enum(['ok', 'alert', 'could_not_tell']),
  as_of_ms: timeMs.nullable().meta({ description: 'when features and topics were looked at; null: not yet' }),
  feature_set: z.string(),
  users: count,
  positions,
  partitions_missing: z.array(count),
  baseline: baselineFacts.nullable(),
  features: z.array(feature),
  skipped: z.array(z.object({ name: z.string(), reason: z.string() })),
  topics: z.array(topic),
  skew: skew.nullable().meta({ description: 'what `tipstream quality skew` found last' }),
  alerts: z.array(z.object({ kind: z.enum(ALERT_KINDS), about: z.string().nullable(), message: z.string(), hint: z.string() })),
  could_not_tell: untold,
} satisfies { readonly [Field in keyof LookedQuality]: z.ZodType<LookedQuality[Field]> };
