/** What data quality answers, in every way of asking: `tipstream quality --json`, GET /v1/data-quality, the page. */
import type { Silence, Volume } from '../quality/activity.js';
import type { Bin } from '../quality/bins.js';
import type { NumericSummary } from '../quality/distribution.js';
import type { KolmogorovSmirnov } from '../quality/kolmogorov-smirnov.js';
import type { Positions } from '../store/queries/profiles.js';
import type { BaselineFacts } from './baseline.js';
import type { ProducerClock } from './record-survey.js';

export type { FeatureHistory } from './history.js';
export type { Period } from './periods.js';
export type { BaselineFacts, Bin, ProducerClock };

export interface FeatureStaleness {
  readonly ttl_ms: number;
  /** Newest as_of_ms of a value that was published on profile.features, of the records looked at; null: none was. */
  readonly published_as_of_ms: number | null;
  /** The same of a decision's profile; null: there is none. */
  readonly served_as_of_ms: number | null;
  /** From the newer of both to as-of. */
  readonly age_ms: number | null;
  /** Topics that it is computed from and that are silent for longer than their rhythm. */
  readonly silent_sources: readonly string[];
}

export interface FeatureQuality {
  readonly name: string;
  readonly dtype: 'numeric' | 'categorical';
  readonly unit: string;
  /** Its newest stored value is older than its TTL, or a source of it is silent; null: it cannot be told. */
  readonly stale: boolean | null;
  readonly staleness: FeatureStaleness;
  /** Known users. */
  readonly n: number;
  readonly nulls: number;
  readonly null_rate: number | null;
  /** Of the values that are not null. Of a category null. */
  readonly summary: NumericSummary | null;
  /** By how much of n a rank can be off; 0: exact. */
  readonly rank_error: number;
  readonly distribution: readonly Bin[];
  /** null: there is no baseline, or nobody is known; `drifted` is null then too. */
  readonly psi: number | null;
  readonly threshold: number | null;
  /** What PSI exceeds once in a thousand times by chance, with so few samples. */
  readonly by_chance: number | null;
  readonly kl: number | null;
  readonly ks: KolmogorovSmirnov | null;
  readonly js: { readonly divergence: number; readonly threshold: number } | null;
  readonly drifted: boolean | null;
  readonly baseline_n: number | null;
  readonly baseline_null_rate: number | null;
}

/** Of categories that the baseline does not have. */
export interface UnknownCategories {
  /** Servings in the 30 days, or candidates of the newest records of tip.candidates. */
  readonly of: 'servings' | 'candidates';
  /** How many of these have such a category. */
  readonly servings: number;
  /** Most frequent first. */
  readonly categories: readonly string[];
}

export interface TopicQuality {
  /** Full name. */
  readonly topic: string;
  /** The newest records: see `read`. */
  readonly records: number;
  readonly not_events: number;
  readonly future_dated: number;
  /** Of these, by more than a minute. */
  readonly far_ahead: number;
  readonly duplicates: number;
  readonly producers: readonly ProducerClock[];
  /** Tips served in the 30 days before as-of whose first reaction lies before their serving. null: it says nothing of this topic. */
  readonly negative_dwell: number | null;
  /** Tips of which a reaction is more than a day old, and no serving is known. */
  readonly orphans: number | null;
  /** null: the baseline has no categories of it. */
  readonly unknown_categories: UnknownCategories | null;
  readonly silence: Silence;
  /** null: the state does not keep all events of this topic. */
  readonly volume: Volume | null;
  readonly read: { readonly is_whole: boolean; readonly from_beginning: boolean };
}

export const ALERT_KINDS = [
  'stale',
  'drift',
  'silence',
  'volume',
  'future_dated',
  'clock_ahead',
  'negative_dwell',
  'orphans',
  'duplicates',
  'unknown_categories',
  'skew',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

export interface QualityAlert {
  readonly kind: AlertKind;
  /** A feature, or a topic in full; null: neither. */
  readonly about: string | null;
  readonly message: string;
  readonly hint: string;
}

export interface Untold {
  readonly about: string;
  readonly reason: string;
}

/** Profiles as decisions were served with them, against the same from the log at the positions of each decision. It names no user. */
export interface SkewFacts {
  readonly proven_at_ms: number;
  readonly feature_set: string;
  readonly positions: Positions;
  readonly partitions_missing: readonly number[];
  /** Decisions with the same profile, value by value. */
  readonly compared: number;
  readonly differing: number;
  readonly not_compared: readonly { readonly reason: string; readonly decisions: number }[];
  /** Features that were not compared. */
  readonly unproven_features: readonly string[];
}

export interface QualityDocument {
  /** alert: see `alerts`. could_not_tell: no alert, and not all could be looked at. */
  readonly verdict: 'ok' | 'alert' | 'could_not_tell';
  readonly as_of_ms: number;
  readonly feature_set: string;
  readonly users: number;
  readonly positions: Positions;
  readonly partitions_missing: readonly number[];
  readonly baseline: BaselineFacts | null;
  readonly features: readonly FeatureQuality[];
  /** Features of another kind, of which nothing is said. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
  readonly topics: readonly TopicQuality[];
  /** What `tipstream quality skew` found last; null: it has not run here. */
  readonly skew: SkewFacts | null;
  readonly alerts: readonly QualityAlert[];
  readonly could_not_tell: readonly Untold[];
}
