/**
 * linucb: v2's vector; the highest upper bound theta . x + alpha sqrt(x' A^-1 x) wins. It explores by optimism instead of by chance,
 * so its propensities are 0 and 1 (but for ties), and its logs say nothing about other policies. D = 12.
 *
 * Li, Chu, Langford and Schapire, "A contextual-bandit approach to personalized news article recommendation" (WWW 2010), algorithm 1
 * with one arm's parameters for all candidates.
 */
import { egreedyV2 } from './egreedy-v2.js';
import type { PolicyDefinition } from './policy.js';

const ALPHA = 1;

export const linucb: PolicyDefinition = {
  name: 'linucb',
  dimension: egreedyV2.dimension,
  featureNames: egreedyV2.featureNames,
  inputs: egreedyV2.inputs,
  hyperparameters: { lambda: 1, epsilon: 0, alpha: ALPHA },
  fixedEpsilon: 0,
  optimism: ALPHA,
  stateVersion: 1,
  fromRecorded: (seven, profile, category) => egreedyV2.fromRecorded(seven, profile, category),
  vectorizer: (context, profile) => egreedyV2.vectorizer(context, profile),
};
