/**
 * Whether a prior still says something of newcomers: theta_0 . x against a constant, on rewards that came after it was fitted. A prior
 * whose error is above a constant's has learned something that does not hold, or does not hold any more.
 */

/** A user with fewer rewarded decisions than this is a newcomer: about as long theta is more the prior's than the user's. */
export const NEWCOMER_UPDATES = 20;
/** Nothing is said of fewer. */
export const WATCHED_REWARDS = 1_000;

export interface Prediction {
  /** theta_0 . x */
  readonly predicted: number;
  readonly reward: number;
}

export interface PriorErrors {
  readonly rewards: number;
  /** Mean squared error of the predictions, and of the best constant for the same rewards, which is their mean; null: too few rewards. */
  readonly error: number | null;
  readonly constantError: number | null;
  /** Whether the constant predicts better; null: too few rewards to tell. */
  readonly isWorse: boolean | null;
}

/** Of the newest predictions, in any order. */
export function priorErrors(predictions: readonly Prediction[]): PriorErrors {
  const rewards = predictions.length;
  if (rewards < WATCHED_REWARDS) return { rewards, error: null, constantError: null, isWorse: null };
  const mean = predictions.reduce((sum, { reward }) => sum + reward, 0) / rewards;
  const meanSquare = (guess: (one: Prediction) => number) =>
    predictions.reduce((sum, one) => sum + (one.reward - guess(one)) ** 2, 0) / rewards;
  const [error, constantError] = [meanSquare(({ predicted }) => predicted), meanSquare(() => mean)];
  return { rewards, error, constantError, isWorse: error > constantError };
}
