/** What a decision is worth by a given age, and the grid that all rewards of a comparison lie on. */
import { REWARD_GRID, rewardRange, type RewardRules } from '../../policies/controls/reward-rules.js';

export interface ValuedReaction {
  /** From the request to the reaction, ms. */
  readonly afterMs: number;
  /** On the grid of 1/256. */
  readonly reward: number;
}

/** Those to one decision, in the order in which they count: of those that have come, the first is its reward. */
export type ValuedReactions = readonly ValuedReaction[];

/** By that age of the decision; 0 where nothing has come. */
export function rewardBy(reactions: ValuedReactions, ageMs: number): number {
  for (const { afterMs, reward } of reactions) if (afterMs <= ageMs) return reward;
  return 0;
}

/** Rewards lie from `low` to `high`, and each is `low` plus a whole number of `step`s. */
export interface RewardScale {
  readonly low: number;
  readonly high: number;
  readonly step: number;
}

export const DONE_OR_NOT: RewardScale = { low: 0, high: 1, step: 1 };

/** The coarsest that has 0 and all rewards that these rules give. */
export function rewardScale(rules: readonly Pick<RewardRules, 'done' | 'dismiss' | 'snooze'>[]): RewardScale {
  return scaleOf(rules.flatMap(({ done, dismiss, snooze }) => [done, dismiss, snooze]));
}

/** The same of rewards. */
export function scaleOf(rewards: Iterable<number>): RewardScale {
  const values = [...new Set(rewards)];
  const { low, high } = rewardRange(values.map((value) => ({ done: value, dismiss: value, snooze: value, windowMs: 0 })));
  const step = values.reduce((divisor, value) => greatestDivisor(divisor, Math.abs(value) * REWARD_GRID), 0);
  return { low, high, step: step === 0 ? 1 : step / REWARD_GRID };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}
