/** The two arms of a look side by side, and whether there are enough users to decide anything by. */
import type { Adjusted } from './adjustment.js';
import { armsOf } from './arm-sums.js';
import type { Population } from './population.js';
import { treatedShare } from './split.js';
import { differenceOf } from './statistic.js';
import { ROLLOUT_THRESHOLDS } from './thresholds.js';
import { userPieces } from './user-pieces.js';
import type { RewardScale } from './rewards.js';

export interface ArmReport {
  /** With a decision after the start. */
  readonly users: number;
  readonly decisions: number;
  /** A decision; null: there is none. */
  readonly reward: number | null;
  /** Of `users`, each. */
  readonly rewardPerUser: number | null;
}

/** Why a look decides nothing. */
export type Undecided = 'nothing_comparable' | 'too_few_users' | 'too_few_effective_users';

export interface Comparison {
  readonly treated: ArmReport;
  readonly control: ArmReport;
  /** null: it decides. */
  readonly undecided: Undecided | null;
  /** What chance is expected to place in the smaller arm: users, and as many as they are worth when weighted equally. */
  readonly smallerArm: { readonly users: number; readonly effectiveUsers: number };
  /** Reward a decision that the treated have more, after the adjustment; null: an arm has no decision. */
  readonly difference: number | null;
}

export function* comparisonOf(population: Population, adjusted: Adjusted, scale: RewardScale): Generator<void, Comparison> {
  const arms = yield* armsOf(population, adjusted);
  const share = treatedShare(population.split);
  const smaller = Math.min(share, 1 - share);
  const smallerArm = { users: smaller * adjusted.users, effectiveUsers: smaller * adjusted.effectiveUsers };
  return {
    treated: yield* armReport(population, 1, scale),
    control: yield* armReport(population, 0, scale),
    undecided: whyUndecided(smallerArm),
    smallerArm,
    difference: arms.treated.n === 0 || arms.control.n === 0 ? null : differenceOf(arms).mean * (scale.high - scale.low),
  };
}

/**
 * By what is expected and not by what came of it, which may be a few more or fewer: so it is the same for every placement, and a
 * look that decides nothing spends nothing.
 */
function whyUndecided({ users, effectiveUsers }: Comparison['smallerArm']): Undecided | null {
  if (users === 0) return 'nothing_comparable';
  if (Math.round(users) < ROLLOUT_THRESHOLDS.min_users) return 'too_few_users';
  return effectiveUsers < ROLLOUT_THRESHOLDS.min_effective_users ? 'too_few_effective_users' : null;
}

function* armReport({ treated, n, y }: Population, arm: 0 | 1, { low, step }: RewardScale): Generator<void, ArmReport> {
  let [users, decisions, steps] = [0, 0, 0];
  for (const { from, to } of userPieces(treated.length)) {
    for (let user = from; user < to; user++) {
      if (treated[user] !== arm || n[user] === 0) continue;
      users++;
      decisions += n[user]!;
      steps += y[user]!;
    }
    yield;
  }
  const reward = low * decisions + step * steps;
  return {
    users,
    decisions,
    reward: decisions === 0 ? null : reward / decisions,
    rewardPerUser: users === 0 ? null : reward / users,
  };
}
