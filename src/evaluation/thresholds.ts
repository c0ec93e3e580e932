/** What a policy must show before it may go live: in one place, and printed with every verdict. */
export const GATE_THRESHOLDS = {
  /** Of the interval and of the confidence sequence: 1 - alpha is their confidence. */
  alpha: 0.05,
  /** Effective sample size below which nothing can be said. */
  min_ess: 200,
  /** The mean weight estimates 1; further from it than this the logs do not cover what the new policy does. */
  max_mean_weight_error: 0.25,
  /** Weights are cut here for clipped_ips, which is printed and decides nothing. */
  clip: 10,
  /** Reward per decision that the lower end of the difference must reach. */
  min_gain: 0,
  /** A segment whose difference is surely below this is harmed. */
  max_segment_harm: 0,
  /** Segments with an effective sample below this are listed and not judged. */
  min_segment_ess: 50,
  /** The share of decisions without a reward above which counting them as 0 must show the gain too. */
  max_missing_share: 0.5,
  /** Of a simulation: fewer users show a gain by luck. */
  min_simulated_users: 50,
  /** How old a verdict may be when a policy is promoted with it. */
  max_verdict_age_ms: 24 * 3_600_000,
} as const;

export type GateThresholds = { readonly [Name in keyof typeof GATE_THRESHOLDS]: number };
