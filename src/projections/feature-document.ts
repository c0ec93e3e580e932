/** The registry for those who read it: `tipstream features list --json` and GET /v1/features. */
import type { FeatureDefinition, FeatureDtype, FeatureValue } from './feature.js';
import type { Registry } from './registry.js';

export interface FeatureDocument {
  readonly name: string;
  readonly dtype: FeatureDtype;
  /** Of the value: `tips`, `ratio`, `ms` ... */
  readonly unit: string;
  /** How far back it looks; null: without an end. */
  readonly window_ms: number | null;
  /** How long a value may be kept without asking again. */
  readonly ttl_ms: number;
  /** The topics that it is computed from. */
  readonly sources: readonly string[];
  /** Topics, or `time`. */
  readonly invalidated_by: readonly string[];
  readonly when_empty: FeatureValue;
  readonly description: string;
  readonly used_by: FeatureUse;
  /** The definition, for SQLite; the as-of time is `:as_of_ms`. */
  readonly sql: string;
}

/** Who uses a feature. */
export interface FeatureUse {
  readonly policies: readonly PolicyUse[];
  /** Topics, answers, files and tables that carry it. */
  readonly outputs: readonly string[];
}

/** The entries of a policy's vector that are made of a feature, by name. */
export interface PolicyUse {
  readonly policy: string;
  readonly entries: readonly string[];
}

export interface FeaturesDocument {
  /** Names the set of definitions. */
  readonly feature_set: string;
  readonly features: readonly FeatureDocument[];
}

type UseOf = (feature: FeatureDefinition) => FeatureUse;

export function featuresDocument({ features, featureSet }: Pick<Registry, 'features' | 'featureSet'>, useOf: UseOf): FeaturesDocument {
  return { feature_set: featureSet, features: features.map((feature) => featureDocument(feature, useOf)) };
}

export function featureDocument(feature: FeatureDefinition, useOf: UseOf): FeatureDocument {
  return {
    name: feature.name,
    dtype: feature.dtype,
    unit: feature.unit,
    window_ms: feature.windowMs,
    ttl_ms: feature.ttlMs,
    sources: feature.sources,
    invalidated_by: feature.invalidatedBy,
    when_empty: feature.whenEmpty,
    description: feature.description,
    used_by: useOf(feature),
    sql: withoutIndent(feature.sql),
  };
}

/** The SQL as its author laid it out, without the indentation of the source file. */
function withoutIndent(sql: string): string {
  const lines = sql.trim().split('\n');
  const indent = Math.min(...lines.slice(1).map((line) => (line.trim() === '' ? Infinity : line.search(/\S/))));
  return lines.map((line, i) => (i === 0 ? line : line.slice(Number.isFinite(indent) ? indent : 0)).trimEnd()).join('\n');
}
