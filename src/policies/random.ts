/**
 * random: every candidate is as likely as another. What the others are measured against. Its records hold a bias alone: evaluate other
 * policies on its logs from a file with contexts. D = 1.
 */
import type { PolicyDefinition } from './policy.js';

export const random: PolicyDefinition = {
  name: 'random',
  dimension: 1,
  featureNames: ['bias'],
  inputs: { bias: { from: 'nothing', normalised: 'always 1' } },
  hyperparameters: { lambda: 1, epsilon: 1 },
  fixedEpsilon: 1,
  optimism: 0,
  stateVersion: 1,
  fromRecorded: () => [1],
  vectorizer: () => () => [1],
};
