/** egreedy-v2: v1's features and five from the user's 30-day profile. D = 12. */
import { CANDIDATE_FEATURES, contextEntries, egreedyV1, recordedHour, withCandidate } from './egreedy-v1.js';
import { localHour } from './local-time.js';
import type { DecisionContext, PolicyDefinition, PolicyInput, ProfileValues } from './policy.js';
import { bounded, numberOf } from './profile-values.js';
import { quantise } from './quantise.js';

const DWELL_CAP_MS = 600_000;
/** The volume at which its entry reaches 1. */
const VOLUME_CAP = 100;

const FEATURE_NAMES = [
  ...CANDIDATE_FEATURES,
  'completion_rate_30d',
  'dismiss_rate_30d',
  'mean_dwell_30d',
  'hour_from_preferred_cos',
  'tip_volume_30d',
] as const;
const INPUTS: Readonly<Record<string, PolicyInput>> = {
  ...egreedyV1.inputs,
  completion_rate_30d: { from: 'profile', normalised: 'as it is; null is 0' },
  dismiss_rate_30d: { from: 'profile', normalised: 'as it is; null is 0' },
  mean_dwell_30d: { from: 'profile: mean_dwell_ms_30d', normalised: 'min(ms, 600000) / 600000; null is 0' },
  hour_from_preferred_cos: { from: 'profile: preferred_hour, and the local hour', normalised: 'cos(2 pi (h - preferred) / 24); null is 0' },
  tip_volume_30d: { from: 'profile', normalised: 'min(1, ln(1 + tips) / ln 101)' },
};

/** The five entries, at a local hour; each in [-1, 1], whatever the profile says. */
function profileEntries(profile: ProfileValues, hour: number): number[] {
  const preferredHour = numberOf(profile, 'preferred_hour');
  return [
    quantise(bounded(profile, 'completion_rate_30d', 1)),
    quantise(bounded(profile, 'dismiss_rate_30d', 1)),
    quantise(bounded(profile, 'mean_dwell_ms_30d', DWELL_CAP_MS) / DWELL_CAP_MS),
    // No preferred hour is 0, a quarter turn from preferred: not the same as preferring midnight.
    preferredHour === null ? 0 : quantise(Math.cos((2 * Math.PI * (hour - (preferredHour % 24))) / 24)),
    quantise(Math.min(1, Math.log(1 + bounded(profile, 'tip_volume_30d', Infinity)) / Math.log(1 + VOLUME_CAP))),
  ];
}

/** The twelve as far as context and profile decide them; `withCandidate` fills in the rest. */
export function sharedEntries(context: DecisionContext, profile: ProfileValues): number[] {
  return [...contextEntries(context), ...profileEntries(profile, localHour(context.requestedAtMs, context.utcOffsetMin))];
}

export const egreedyV2: PolicyDefinition = {
  name: 'egreedy-v2',
  dimension: FEATURE_NAMES.length,
  featureNames: FEATURE_NAMES,
  inputs: INPUTS,
  hyperparameters: { lambda: 1, epsilon: 0.1 },
  fixedEpsilon: null,
  optimism: 0,
  stateVersion: 1,
  fromRecorded: (seven, profile) => [...seven, ...profileEntries(profile, recordedHour(seven))],
  vectorizer(context, profile) {
    const entries = sharedEntries(context, profile);
    return (candidate) => withCandidate(entries, candidate);
  },
};
