/**
 * One logged decision as off-policy evaluation sees it: what was served, how likely each policy was to choose that, and what it
 * earned. Everything here and in the files beside it is pure.
 */

export interface EvaluationRow {
  readonly decisionId: string;
  /** 0 to 1; null: none has come. */
  readonly reward: number | null;
  /** Probability of the served candidate under the policy that decided, in (0, 1]. */
  readonly loggedPropensity: number;
  /** Probability of the same candidate under the policy to be judged, in [0, 1]. */
  readonly newPropensity: number;
  /** Of what its weight could have been, whatever had been served; null: nobody says. */
  readonly weights: PossibleWeights | null;
  /** What a reward model expects; null: there is none. */
  readonly expected: ExpectedReward | null;
  /** dimension -> segment, such as tenure -> new. */
  readonly segments: Readonly<Record<string, string>>;
}

/** The weights of all candidates of a decision, each as likely as it was to be served. Their mean is 1. */
export interface PossibleWeights {
  readonly largest: number;
  readonly variance: number;
}

/** Of a reward model that was not fitted on this row. */
export interface ExpectedReward {
  /** Of the served candidate. */
  readonly served: number;
  /** Of the candidates, weighed by the new policy's probabilities. */
  readonly underNew: number;
  /** The same by the logged policy's. */
  readonly underLogged: number;
}

/** How much more often the new policy would have done this: new / logged propensity. */
export function weightOf(row: Pick<EvaluationRow, 'loggedPropensity' | 'newPropensity'>): number {
  return row.newPropensity / row.loggedPropensity;
}

/** What counts for a row: without a reward, 0. Whoever would leave such rows out does so before. */
export function rewardOf({ reward }: Pick<EvaluationRow, 'reward'>): number {
  return reward ?? 0;
}
