/** How large a harm a rollout could find: said before anybody is treated, from what users did until then. */
import { adjust } from './adjustment.js';
import { relabelledSums, type RelabelledSums } from './arm-sums.js';
import { comparisonOf, type Undecided } from './comparison.js';
import { populationOf } from './population.js';
import { RELABELLINGS, type Split } from './split.js';
import { differenceOf } from './statistic.js';
import { ROLLOUT_THRESHOLDS } from './thresholds.js';
import type { RolloutUsers } from './users.js';

export interface Findable {
  /** Reward a decision that is found in four of five rollouts; null: whatever it is, there are too few users to act. */
  readonly harm: number | null;
  readonly undecided: Undecided | null;
  readonly smallerArm: { readonly users: number; readonly effectiveUsers: number };
}

/**
 * `users`: two stretches as long as the rollout's own, both over when it begins. Nobody was treated, so whatever difference other
 * placements show there is chance, and its size is that of the rollout's.
 */
export function* findable(users: RolloutUsers, split: Split, relabellings = RELABELLINGS): Generator<void, Findable> {
  const population = yield* populationOf(users, split);
  const adjusted = yield* adjust(population);
  const { undecided, smallerArm } = yield* comparisonOf(population, adjusted, users.scale);
  if (undecided !== null) return { harm: null, undecided, smallerArm };
  const [sums] = yield* relabelledSums(population, [adjusted], relabellings);
  const range = users.scale.high - users.scale.low;
  return { harm: ROLLOUT_THRESHOLDS.findable_errors * deviationOf(sums!) * range, undecided, smallerArm };
}

/** Standard deviation of the difference over relabellings, of rewards from 0 to 1. */
export function deviationOf(sums: RelabelledSums): number {
  let squares = 0;
  for (let row = 1; row < sums.rows; row++) squares += differenceOf(sums.arms(row)).mean ** 2;
  return Math.sqrt(squares / (sums.rows - 1));
}
