/**
 * Who uses a feature of a profile. Which entries of a policy's vector read it is found by trying: an entry that changes when the feature
 * alone does is made of it. So a policy says nothing of it that could be wrong.
 */
import type { FeatureDefinition, FeatureValue } from '../../projections/feature.js';
import type { FeatureUse, PolicyUse } from '../../projections/feature-document.js';
import type { Candidate } from '../../topics.js';
import type { PolicyDefinition, ProfileValues } from '../policy.js';
import { POLICIES } from '../registry.js';

/** What carries every feature of a profile. */
const OUTPUTS = [
  'topic profile.features',
  'topic tip.scored',
  'topic tip.scored.shadow',
  'GET /v1/profiles',
  'tipstream export',
  'tipstream sql: profiles, user_profile_features',
] as const;

type Feature = Pick<FeatureDefinition, 'name' | 'dtype'>;

export function useOf(feature: Feature): FeatureUse {
  return { policies: policiesReading(feature), outputs: OUTPUTS };
}

/** Those with an entry that is made of the feature, in the order of the registry. */
export function policiesReading(feature: Feature): PolicyUse[] {
  return POLICIES.map((policy) => ({ policy: policy.name, entries: entriesReading(policy, feature) })).filter(
    ({ entries }) => entries.length > 0,
  );
}

const CATEGORY = 'work';
const CONTEXT = { requestedAtMs: 1_795_000_000_000, utcOffsetMin: 0 };
const CANDIDATE: Candidate = { tip_id: 'a', is_overdue: true, task_age_days: 12, priority: 3, category: CATEGORY };
/** What the other features are meanwhile: some entries are 0 without one of them. */
const OTHERS: readonly ProfileValues[] = [0.2, 7, 40].map((number) => ({
  completion_rate_30d: Math.min(number, 0.6),
  dismiss_rate_30d: Math.min(number, 0.7),
  snooze_rate_30d: Math.min(number, 0.8),
  mean_dwell_ms_30d: number * 1_000,
  tip_volume_30d: number,
  preferred_hour: Math.ceil(number) % 24,
  preferred_weekday: Math.ceil(number) % 7,
  preferred_category: CATEGORY,
}));
const NUMBERS: readonly FeatureValue[] = [null, 0, 0.1, 0.3, 0.9, 1, 5, 12, 70, 300_000];
const TEXTS: readonly FeatureValue[] = [null, '', CATEGORY, 'home'];

function entriesReading(policy: PolicyDefinition, { name, dtype }: Feature): string[] {
  const values = dtype === 'numeric' ? NUMBERS : TEXTS;
  const read = new Set<number>();
  for (const others of OTHERS) {
    const vectors = values.map((value) => policy.vectorizer(CONTEXT, { ...others, [name]: value } as ProfileValues)(CANDIDATE));
    vectors[0]!.forEach((first, i) => {
      if (vectors.some((vector) => !Object.is(vector[i], first))) read.add(i);
    });
  }
  return policy.featureNames.filter((_, i) => read.has(i));
}
