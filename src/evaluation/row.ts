/**
 * One logged decision as off-policy evaluation sees it: what was served, how likely each policy was to choose that, and what it earned. Everything
 * here and in the files beside it is pure.
 */

export interface EvaluationRow {
  readonly decisionId: string;
  /** 0 to 1; null: none has come. */
  readonly reward: number | null;
  /** Probability of the served candidate under the policy that decided, in (0, 1]. */
  readonly loggedPropensity: number;
  /** Probability of the same candidate under the policy to be judged, in [0, 1]. */
  readonly newPropensity: number;
  /** What a reward model expects; null: there is none. */
  readonly expected: ExpectedReward | null;
  /** dimension -> segment, such as tenure -> new. */
  readonly segments: Readonly<Record<string, string>>;
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

/** A row that counts: with a reward. */
export interface RewardedRow extends EvaluationRow {
  readonly reward: number;
}

/** How much more often the new policy would have done this: new / logged propensity. */
export function weightOf(row: Pick<EvaluationRow, 'loggedPropensity' | 'newPropensity'>): number {
  return row.newPropensity / row.loggedPropensity;
}

/** Rows with a reward. With `missingAsZero` rows without one count as 0; else they are left out. */
export function rewardedRows(rows: readonly EvaluationRow[], missingAsZero: boolean): RewardedRow[] {
  if (missingAsZero) return rows.map((row) => ({ ...row, reward: row.reward ?? 0 }));
  return rows.filter((row): row is RewardedRow => row.reward !== null);
}
