/** What a verdict on a rollout goes by: in one place, and printed with every one. */
import { ROLLOUT_THRESHOLDS } from '../rollouts/thresholds.js';
import { GATE_THRESHOLDS } from '../thresholds.js';

export const ROLLOUT_VERDICT_THRESHOLDS = {
  ...ROLLOUT_THRESHOLDS,
  /** A policy is held while a segment may lose more reward per decision than this. */
  max_segment_harm: GATE_THRESHOLDS.max_segment_harm,
  /** How old a verdict may be when a policy is promoted with it. */
  max_verdict_age_ms: GATE_THRESHOLDS.max_verdict_age_ms,
} as const;
