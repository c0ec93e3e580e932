/** How large a difference one look would have shown: what "nothing is shown" is worth. */
import { adjust } from '../rollouts/adjustment.js';
import { armsOf } from '../rollouts/arm-sums.js';
import type { Gain } from '../rollouts/judge-look.js';
import { populationOf } from '../rollouts/population.js';
import type { Split } from '../rollouts/split.js';
import { differenceOf } from '../rollouts/statistic.js';
import type { RolloutUsers } from '../rollouts/users.js';

/** Standard normal quantile of 0.8: a difference that lies so many errors beyond what must be passed shows in four of five rollouts. */
const FOUR_OF_FIVE = 0.8416;

/** Reward a decision; null: the look decides nothing, or alpha allows it nothing yet. `gain`: of these users with this split. */
export function* couldFind(users: RolloutUsers, split: Split, { undecided, difference, interval }: Gain): Generator<void, number | null> {
  const range = users.scale.high - users.scale.low;
  if (undecided !== null || difference === null || interval.low <= -range) return null;
  const population = yield* populationOf(users, split);
  const adjusted = yield* adjust(population);
  const { error } = differenceOf(yield* armsOf(population, adjusted));
  return difference - interval.low + FOUR_OF_FIVE * error * range;
}
