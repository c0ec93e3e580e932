/** What a card takes from the documents that `simulate --json` and `evaluate --policy NAME --json` print. */
import { z } from 'zod';

const mean = z.object({ mean: z.number(), low: z.number(), high: z.number() });
const simulated = z.object({ policy: z.string(), reward: mean, regret: mean });

export const cardSimulationSchema = z.object({
  seed: z.int(),
  users: z.int(),
  days: z.int(),
  decisions: z.int(),
  policies: z.array(simulated).min(1),
  personas: z.array(z.object({ persona: z.string(), users: z.int(), decisions: z.int(), policies: z.array(simulated) })),
  comparisons: z.array(mean.extend({ policy: z.string(), against: z.string(), persona: z.string() })),
});

/** Reward and regret of all policies in one world. */
export type CardSimulation = z.output<typeof cardSimulationSchema>;

const interval = z.object({ low: z.number(), high: z.number() });
const difference = z.object({ mean: z.number().nullable(), interval, confidence_sequence: interval, e_value: z.number() });
const estimate = z.number().nullable();
const estimates = z.object({
  n: z.int(),
  logged: estimate,
  ips: estimate,
  clipped_ips: estimate,
  snips: estimate,
  doubly_robust: estimate,
  ess: z.number(),
  max_weight: z.number(),
  mean_weight: estimate,
  difference,
});
const segment = z.object({
  dimension: z.string(),
  segment: z.string(),
  n: z.int(),
  ess: z.number(),
  difference: z.number(),
  low: z.number(),
  high: z.number(),
  judged: z.boolean(),
  harmed: z.boolean(),
  harm_excluded: z.boolean().nullable(),
  more_decisions: z.int().nullable(),
});
const counts = z.record(z.string(), z.int());

export const cardEvaluationSchema = estimates.extend({
  policy: z.string(),
  policy_hash: z.string(),
  vectors: z.string(),
  feature_set: z.string(),
  baseline: z.string(),
  trained: z.boolean(),
  epsilon: z.number(),
  since_ms: z.int(),
  until_ms: z.int(),
  baseline_share: z.number(),
  evaluated_at_ms: z.int(),
  simulated: z.boolean(),
  positions: z.record(z.string(), z.record(z.string(), z.int())),
  decisions: z.int(),
  set_aside: counts,
  decided_by: counts,
  missing_rewards: z.int(),
  missing_share: z.number(),
  missing_as_zero: estimates,
  segments: z.array(segment),
  worst_segment: segment.nullable(),
  verdict: z.enum(['PROMOTE', 'HOLD', 'UNEVALUABLE']),
  reasons: z.array(z.string()),
  thresholds: z.record(z.string(), z.number()),
});

/** A verdict on decisions that were logged. */
export type CardEvaluation = z.output<typeof cardEvaluationSchema>;
