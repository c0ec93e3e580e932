/** egreedy-v4: v3's features, and whether the candidate is of the category that the user does most. D = 19. */
import { egreedyV3, trustIn } from './egreedy-v3.js';
import type { PolicyDefinition, ProfileValues } from './policy.js';
import { quantise } from './quantise.js';

const MATCH = 'category_match';
const FEATURE_NAMES = [...egreedyV3.featureNames, MATCH];

/** category -> the entry of a candidate of it. */
function matchOf(profile: ProfileValues): (category: string | null | undefined) => number {
  const preferred = profile.preferred_category;
  const match = quantise(trustIn(profile));
  return (category) => (typeof preferred === 'string' && category === preferred ? match : 0);
}

export const egreedyV4: PolicyDefinition = {
  name: 'egreedy-v4',
  dimension: FEATURE_NAMES.length,
  featureNames: FEATURE_NAMES,
  inputs: {
    ...egreedyV3.inputs,
    [MATCH]: {
      from: 'candidate: category, and profile: preferred_category and tip_volume_30d',
      normalised: 'n / (n + 10) where they are the same, else 0',
    },
  },
  hyperparameters: { lambda: 10, epsilon: 0.1 },
  fixedEpsilon: null,
  optimism: 0,
  stateVersion: 1,
  fromRecorded: (seven, profile, category) => [...egreedyV3.fromRecorded(seven, profile, category), matchOf(profile)(category)],
  vectorizer(context, profile) {
    const vectorOf = egreedyV3.vectorizer(context, profile);
    const match = matchOf(profile);
    return (candidate) => [...vectorOf(candidate), match(candidate.category)];
  },
};
