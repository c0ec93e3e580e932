/** What a policy must show before it may go live: in one place, and printed with every verdict. */
export const GATE_THRESHOLDS = {
  /**
   * A policy that is no better is promoted with at most this probability, however often it is looked at; 1 - alpha is the intervals'
   * confidence.
   */
  alpha: 0.05,
  /** Effective sample size below which nothing can be said. */
  min_ess: 200,
  /** The mean weight estimates 1; further from it than this the logs do not cover what the new policy does. */
  max_mean_weight_error: 0.25,
  /** Weights are cut here for clipped_ips, which is printed and decides nothing. */
  clip: 10,
  /** Reward per decision above which a gain must be shown to lie. */
  min_gain: 0,
  /** A policy is held while a segment may lose more reward per decision than this. */
  max_segment_harm: 0.05,
  /** Segments with a smaller share of the decisions are asked together, and so are those with a smaller effective sample than this. */
  min_segment_share: 0.05,
  min_segment_ess: 50,
  /** A simulation must show that the policy does not lose more reward per decision than this: some are equal by construction. */
  max_simulated_loss: 0.02,
  /** Of a simulation: fewer users show a gain by luck. */
  min_simulated_users: 50,
  /** How old a verdict may be when a policy is promoted with it. */
  max_verdict_age_ms: 24 * 3_600_000,
} as const;

export type GateThresholds = { readonly [Name in keyof typeof GATE_THRESHOLDS]: number };
