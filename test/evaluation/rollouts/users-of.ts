/** Users for the tests of src/evaluation/rollouts. */
import { epochsOf, type Epoch } from '../../../src/evaluation/rollouts/epochs.js';
import { looksOf, type Look } from '../../../src/evaluation/rollouts/looks.js';
import { placeOf } from '../../../src/evaluation/rollouts/place.js';
import type { RewardScale } from '../../../src/evaluation/rollouts/rewards.js';
import { RolloutUsers } from '../../../src/evaluation/rollouts/users.js';

const DAY_MS = 86_400_000;

export interface TestUser {
  readonly m: number;
  readonly x: number;
  readonly n: number;
  readonly y: number;
  readonly segments?: Readonly<Record<string, string>>;
  readonly misplaced?: number;
}

/** user-0, user-1, .. in one rollout. */
export function usersOf(rolloutId: string, users: readonly TestUser[], scale?: RewardScale): RolloutUsers {
  const known = new RolloutUsers(scale);
  for (const [i, { m, x, n, y, ...rest }] of users.entries())
    known.add({
      place: placeOf(rolloutId, `user-${i}`),
      before: { decisions: m, reward: x },
      after: { decisions: n, reward: y },
      ...rest,
    });
  return known;
}

/** Whether user-i is treated. */
export function isTreated(rolloutId: string, user: number, percent: number): boolean {
  return placeOf(rolloutId, `user-${user}`).u < percent / 100;
}

export function onlyEpoch(rolloutId: string, percent: number, alpha = 0.05): Epoch {
  return epochsOf(rolloutId, [{ atMs: 0, percent }], alpha)[0]!;
}

/** The look at the horizon, as if it were the only one. */
export function lastLook(): Look {
  return { ...looksOf({ rolloutStartMs: 0, startMs: 0, untilMs: 14 * DAY_MS }).at(-1)!, index: 0 };
}
