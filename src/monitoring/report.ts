/** Puts what was read of state files, log and baseline together into one document. */
import type { FeatureDefinition } from '../projections/feature.js';
import type { Registry } from '../projections/registry.js';
import { Activity, type Silence } from '../quality/activity.js';
import { drawn } from '../quality/bins.js';
import { nullRate, summaryOf, type Distribution } from '../quality/distribution.js';
import { driftOf } from '../quality/drift.js';
import { positionsOf } from '../store/queries/profiles.js';
import { CONSUMED_TOPICS, fullTopicName, REQUEST_TOPICS, TOPICS, type ConsumedTopic } from '../topics.js';
import { alertsOf, untoldOf } from './alerts.js';
import { factsOf, type Baseline } from './baseline.js';
import type { FeatureQuality, QualityDocument, SkewFacts, TopicQuality, UnknownCategories } from './documents.js';
import type { RecordSurvey } from './record-survey.js';
import type { StateSurvey } from './state-survey.js';

/** What producers write of what happened, where a feature is computed from it, or is asked for. */
export function timedTopics({ features }: Pick<Registry, 'features'>): ConsumedTopic[] {
  const sources = new Set<string>([...features.flatMap((feature) => feature.sources), ...REQUEST_TOPICS]);
  return CONSUMED_TOPICS.filter((topic) => TOPICS[topic].eventTime !== null && sources.has(topic));
}

export interface ReportParts {
  readonly registry: Registry;
  readonly topicPrefix: string;
  /** Of the topics. */
  readonly partitions: number;
  readonly survey: StateSurvey;
  readonly records: ReadonlyMap<ConsumedTopic, RecordSurvey>;
  /** Newest as_of_ms of a published profile before as-of, Unix ms; null: none was seen. */
  readonly publishedAsOfMs: number | null;
  readonly baseline: Baseline | undefined;
  readonly skew: SkewFacts | null;
}

export function reportOf(parts: ReportParts): QualityDocument {
  const { registry, survey, baseline, skew } = parts;
  const topics = timedTopics(registry).flatMap((topic) => {
    const records = parts.records.get(topic);
    return records === undefined ? [] : [topicQuality(topic, records, parts)];
  });
  const silences = new Map(topics.map(({ topic, silence }) => [topic, silence]));
  const features = registry.features.flatMap((feature) => {
    const distribution = survey.distributions.get(feature.name);
    return distribution === undefined ? [] : [featureQuality(feature, distribution, silences, parts)];
  });
  const looked = {
    as_of_ms: survey.asOfMs,
    feature_set: registry.featureSet,
    users: survey.users,
    positions: positionsOf(survey.positions),
    partitions_missing: partitionsWithout(survey.positions, parts.partitions),
    baseline: baseline === undefined ? null : factsOf(baseline),
    features,
    skipped: survey.skipped.map((name) => ({ name, reason: 'its values are neither numbers nor categories' })),
    topics,
    skew,
  };
  const { reacted, settled, volume } = survey.tips;
  const alerts = alertsOf(looked, { reacted, settled, volume, candidates: parts.records.get('tip.candidates')?.candidates ?? 0 });
  const untold = untoldOf(looked);
  const verdict = alerts.length > 0 ? 'alert' : untold.length > 0 ? 'could_not_tell' : 'ok';
  return { verdict, ...looked, alerts, could_not_tell: untold };
}

function featureQuality(
  { name, dtype, unit, ttlMs, sources }: FeatureDefinition,
  distribution: Distribution,
  silences: ReadonlyMap<string, Silence>,
  { topicPrefix, survey, publishedAsOfMs, baseline }: ReportParts,
): FeatureQuality {
  const before = baseline?.distributions.get(name);
  const drift = before && driftOf(before, distribution);
  const silent = sources.map((topic) => fullTopicName(topicPrefix, topic)).filter((topic) => silences.get(topic)?.silent === true);
  const newestMs = latest(publishedAsOfMs, survey.lastDecisionMs);
  const ageMs = newestMs === null ? null : survey.asOfMs - newestMs;
  const n = distribution.n + distribution.nulls;
  return {
    name,
    dtype: dtype === 'categorical' ? 'categorical' : 'numeric',
    unit,
    stale: silent.length > 0 ? true : ageMs === null ? null : ageMs > ttlMs,
    staleness: {
      ttl_ms: ttlMs,
      published_as_of_ms: publishedAsOfMs,
      served_as_of_ms: survey.lastDecisionMs,
      age_ms: ageMs,
      silent_sources: silent,
    },
    n,
    nulls: distribution.nulls,
    null_rate: nullRate(distribution),
    summary: distribution.kind === 'numeric' ? summaryOf(distribution) : null,
    rank_error: distribution.kind === 'numeric' && n > 0 ? distribution.rankError / n : 0,
    distribution: drawn(distribution, before),
    psi: drift?.psi ?? null,
    threshold: drift?.threshold ?? null,
    by_chance: drift?.by_chance ?? null,
    kl: drift?.kl ?? null,
    ks: drift?.ks ?? null,
    js: drift?.js ?? null,
    drifted: drift?.drifted ?? null,
    baseline_n: before === undefined ? null : before.n + before.nulls,
    baseline_null_rate: before === undefined ? null : nullRate(before),
  };
}

function latest(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.max(a, b);
}

function topicQuality(topic: ConsumedTopic, records: RecordSurvey, { topicPrefix, survey, baseline }: ReportParts): TopicQuality {
  const { tips, decisions, asOfMs } = survey;
  const { eventTimesMs, producers, is_whole, from_beginning, candidates: _, candidateCategories, ...counts } = records;
  const isKept: Partial<Record<ConsumedTopic, Activity>> = {
    'tip.served': tips.servings,
    'tip.feedback': tips.reactions,
    'tip.candidates': decisions,
  };
  const kept = isKept[topic];
  return {
    topic: fullTopicName(topicPrefix, topic),
    ...counts,
    producers,
    negative_dwell: topic === 'tip.feedback' ? tips.negativeDwell : null,
    orphans: topic === 'tip.feedback' ? tips.orphans : null,
    unknown_categories:
      topic === 'tip.served'
        ? unknownCategories('servings', tips.categories, baseline?.categories)
        : topic === 'tip.candidates'
          ? unknownCategories('candidates', candidateCategories, baseline?.candidateCategories)
          : null,
    silence: (kept ?? activityOf(eventTimesMs, asOfMs)).silence(),
    volume: kept?.volume() ?? null,
    read: { is_whole, from_beginning },
  };
}

function unknownCategories(
  of: UnknownCategories['of'],
  categories: ReadonlyMap<string, number>,
  known: ReadonlySet<string> | undefined,
): UnknownCategories | null {
  if (known === undefined) return null;
  const unknown = [...categories].filter(([category]) => !known.has(category)).sort(([, a], [, b]) => b - a);
  return {
    of,
    servings: unknown.reduce((sum, [, count]) => sum + count, 0),
    categories: unknown.map(([category]) => category).slice(0, 50),
  };
}

function activityOf(timesMs: readonly number[], asOfMs: number): Activity {
  const activity = new Activity(asOfMs);
  for (const atMs of timesMs) activity.add(atMs);
  return activity;
}

function partitionsWithout(held: ReadonlyMap<number, unknown>, partitions: number): number[] {
  return Array.from({ length: partitions }, (_, partition) => partition).filter((partition) => !held.has(partition));
}
