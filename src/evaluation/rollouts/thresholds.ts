/** What a rollout's tests go by: in one place, and printed with every verdict. */
export const ROLLOUT_THRESHOLDS = {
  /** Of a false rollback, and of an interval that misses, over the whole rollout. */
  alpha: 0.05,
  /** Users that chance is expected to place in the smaller arm, below which a look decides nothing. */
  min_users: 20,
  /** The same of users weighted equally: one who is a tenth of an arm is not outvoted. */
  min_effective_users: 10,
  /** Of a false alarm about who comes and how often, over all looks of an epoch. */
  sample_alpha: 0.001,
  /** Of a false alarm about how many users each arm has, however often it is looked at. */
  count_alpha: 0.01,
  /** A harm of so many standard errors is found in four of five rollouts. */
  findable_errors: 2.8,
} as const;
