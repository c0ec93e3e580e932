/**
 * egreedy-v3: v2's features, and products of the user's rates with the candidate's own three entries. A profile alone adds the same to
 * every candidate of a decision; its products let one user's habits decide which candidate is highest. D = 18.
 *
 * A rate counts by its distance from what is usual, and as far as there are servings behind it: a newcomer's first tip makes a rate of
 * 0 or 1, which says next to nothing.
 */
import { withCandidate } from './egreedy-v1.js';
import { egreedyV2, sharedEntries } from './egreedy-v2.js';
import type { PolicyDefinition, PolicyInput, ProfileValues } from './policy.js';
import { bounded, numberOf } from './profile-values.js';
import { quantise } from './quantise.js';

/** Servings in 30 days at which a rate counts half. */
const HALF_TRUST = 10;
const RATES = [
  { name: 'completion', feature: 'completion_rate_30d', usual: 1 / 2 },
  { name: 'dismiss', feature: 'dismiss_rate_30d', usual: 1 / 4 },
] as const;
/** Where is_overdue, task_age and priority stand in every vector. */
const CANDIDATE_ENTRIES = [1, 2, 3] as const;

const PRODUCTS = RATES.flatMap(({ name, feature, usual }) =>
  CANDIDATE_ENTRIES.map((entry): [string, PolicyInput] => {
    const of = egreedyV2.featureNames[entry]!;
    return [
      `${name}_x_${of}`,
      { from: `profile: ${feature} and tip_volume_30d, and ${of}`, normalised: `(rate - ${usual}) n / (n + ${HALF_TRUST}) times ${of}` },
    ];
  }),
);
const FEATURE_NAMES = [...egreedyV2.featureNames, ...PRODUCTS.map(([name]) => name)];

/** How far a user's rates are to be believed, in [0, 1): n / (n + 10) with n tips in 30 days. */
export function trustIn(profile: ProfileValues): number {
  const servings = bounded(profile, 'tip_volume_30d', Number.MAX_VALUE / 2);
  return servings / (servings + HALF_TRUST);
}

/** One per rate, on the grid; 0 where the profile has none. */
function trustedRates(profile: ProfileValues): number[] {
  const trust = trustIn(profile);
  return RATES.map(({ feature, usual }) =>
    numberOf(profile, feature) === null ? 0 : quantise((bounded(profile, feature, 1) - usual) * trust),
  );
}

/** Fills in the products of each rate with the candidate's entries, behind v2's twelve. In place, as a decision has many candidates. */
function fillProducts(x: number[], rates: readonly number[]): number[] {
  let at = egreedyV2.dimension;
  for (let i = 0; i < rates.length; i++)
    for (let k = 0; k < CANDIDATE_ENTRIES.length; k++) x[at++] = quantise(rates[i]! * x[CANDIDATE_ENTRIES[k]!]!);
  return x;
}

/** Where the products will stand. */
const NO_PRODUCTS: readonly number[] = PRODUCTS.map(() => 0);

export const egreedyV3: PolicyDefinition = {
  name: 'egreedy-v3',
  dimension: FEATURE_NAMES.length,
  featureNames: FEATURE_NAMES,
  inputs: { ...egreedyV2.inputs, ...Object.fromEntries(PRODUCTS) },
  hyperparameters: { lambda: 10, epsilon: 0.1 },
  fixedEpsilon: null,
  optimism: 0,
  stateVersion: 1,
  fromRecorded: (seven, profile, category) =>
    fillProducts([...egreedyV2.fromRecorded(seven, profile, category), ...NO_PRODUCTS], trustedRates(profile)),
  vectorizer(context, profile) {
    const rates = trustedRates(profile);
    const entries = [...sharedEntries(context, profile), ...NO_PRODUCTS];
    return (candidate) => fillProducts(withCandidate(entries, candidate), rates);
  },
};
