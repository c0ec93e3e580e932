/** Facts as `simulate` and `evaluate` give them, small enough to be judged by eye. */
import type { CardEvaluation, CardSimulation } from '../../src/cards/documents.js';
import type { CardFacts } from '../../src/cards/model-card.js';
import { vectorFingerprint } from '../../src/policies/vector-fingerprint.js';
import { policyHash } from '../../src/policies/policy-hash.js';
import { policyNamed } from '../../src/policies/registry.js';
import { NO_DECISIONS } from '../../src/store/queries/training-counts.js';
import { coreRegistry } from '../../src/projections/registry.js';

export const AT_MS = Date.UTC(2026, 10, 1);
const policy = policyNamed('egreedy-v2');
const mean = (value: number) => ({ mean: value, low: value - 0.01, high: value + 0.01 });

export const SIMULATION: CardSimulation = {
  seed: 7,
  users: 20,
  days: 60,
  decisions: 4711,
  policies: [
    { policy: 'egreedy-v1', reward: mean(0.5), regret: mean(0.1) },
    { policy: 'egreedy-v2', reward: mean(0.52), regret: mean(0.08) },
  ],
  personas: [
    { persona: 'morning', users: 10, decisions: 2000, policies: [{ policy: 'egreedy-v2', reward: mean(0.61), regret: mean(0.07) }] },
  ],
  comparisons: [
    { policy: 'egreedy-v2', against: 'egreedy-v1', persona: 'all', ...mean(0.02) },
    { policy: 'egreedy-v2', against: 'egreedy-v1', persona: 'morning', ...mean(0.03) },
  ],
};

const estimates = {
  n: 900,
  logged: 0.4,
  ips: 0.43,
  clipped_ips: 0.42,
  snips: 0.425,
  doubly_robust: null,
  ess: 512.25,
  max_weight: 12,
  mean_weight: 1.01,
  difference: { mean: 0.02, interval: { low: -0.01, high: 0.05 }, confidence_sequence: { low: 0.004, high: 0.04 }, e_value: 44 },
};
const segment = {
  dimension: 'category',
  segment: 'work',
  n: 100,
  ess: 60,
  difference: -0.01,
  low: -0.3,
  high: 0.28,
  judged: true,
  harmed: false,
  harm_excluded: true,
  more_decisions: 0,
};

export const EVALUATION: CardEvaluation = {
  ...estimates,
  policy: policy.name,
  policy_hash: policyHash(policy),
  vectors: vectorFingerprint(policy),
  feature_set: coreRegistry.featureSet,
  baseline: 'egreedy-v1',
  trained: true,
  epsilon: 0.1,
  since_ms: AT_MS - 86_400_000,
  until_ms: AT_MS,
  baseline_share: 0.9,
  evaluated_at_ms: AT_MS,
  simulated: true,
  positions: { 'tip.scored': { 0: 12 } },
  decisions: 1200,
  set_aside: { 'another tip was served': 200 },
  decided_by: { 'egreedy-v1': 1200 },
  missing_rewards: 100,
  missing_share: 0.1,
  missing_as_zero: { ...estimates, n: 1000 },
  segments: [segment],
  worst_segment: segment,
  verdict: 'PROMOTE',
  reasons: ["the new policy's reward would have been 0.004 to 0.04 more per decision"],
  thresholds: { alpha: 0.05, min_ess: 200 },
};

export const FACTS: CardFacts = {
  policy,
  training: {
    partitions: [0, 2],
    partitionCount: 4,
    positions: { 'tip.scored': { 0: 12, 2: 3 }, 'tip.served': { 0: 14, 2: 5 } },
    own: {
      users: 3,
      decisions: 40,
      rewarded: 20,
      rewards: 5,
      firstRequestedAtMs: AT_MS - 1000,
      lastRequestedAtMs: AT_MS,
      epsilon: { low: 0.05, high: 0.1 },
      salts: ['0', 'a|b'],
      hasMoreSalts: false,
    },
    shadow: NO_DECISIONS,
  },
  simulation: SIMULATION,
  evaluation: EVALUATION,
  history: [],
};
