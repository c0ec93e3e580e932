/**
 * The rewards under the versions of the prompt, and how they differ from one of them. Intervals assume no distribution, but the range that
 * rewards lie in. The interval of a difference is made of one for each of the two, at half of the error allowed: two versions are served
 * to different decisions. Several differences share alpha.
 */
import { intervalOfMean, type Interval } from './confidence.js';

/** Decisions that were served with a version, by their rewards. */
export interface PromptCounts {
  /** null: their servings name none. */
  readonly promptVersion: string | null;
  readonly rewarded: number;
  /** Sum of their rewards. */
  readonly rewards: number;
  /** Without a reward so far. */
  readonly open: number;
}

/** The mean of rewards, with the interval in which it lies. */
export interface RewardEstimate extends Interval {
  readonly n: number;
  /** null: nothing to take it of. */
  readonly mean: number | null;
}

export interface PromptDifference extends Interval {
  readonly mean: number | null;
}

export interface ComparedPrompt {
  readonly prompt_version: string | null;
  readonly served: number;
  readonly rewarded: number;
  /** Of the decisions with a reward. */
  readonly reward: RewardEstimate;
  /** Of all that were served, those without a reward counted as 0. */
  readonly missing_as_zero: RewardEstimate;
  /** Less that of `against`; null for itself, and for servings that name no version. */
  readonly difference: { readonly reward: PromptDifference; readonly missing_as_zero: PromptDifference } | null;
}

export interface PromptComparison {
  /** The version that the others are compared with; null: there is none. */
  readonly against: string | null;
  /** What the intervals miss with at most this probability: of each mean, and of all differences of one kind together. */
  readonly alpha: number;
  readonly prompts: readonly ComparedPrompt[];
}

/** `counts` in the order in which they are to be shown; `against` is one of their versions, or null. Rewards lie in `range`, as 0 does. */
export function comparePrompts(counts: readonly PromptCounts[], against: string | null, range: Interval, alpha: number): PromptComparison {
  const estimate = (rewards: number, n: number, error: number): RewardEstimate => ({
    n,
    mean: n === 0 ? null : rewards / n,
    ...intervalOfMean(rewards, n, range, error),
  });
  const ofRewarded = (one: PromptCounts, error: number) => estimate(one.rewards, one.rewarded, error);
  const ofAll = (one: PromptCounts, error: number) => estimate(one.rewards, one.rewarded + one.open, error);
  const base = counts.find(({ promptVersion }) => promptVersion === against && promptVersion !== null);
  const others = counts.filter((one) => one !== base && one.promptVersion !== null).length;
  const prompts = counts.map((one): ComparedPrompt => {
    const compared = base !== undefined && one !== base && one.promptVersion !== null;
    return {
      prompt_version: one.promptVersion,
      served: one.rewarded + one.open,
      rewarded: one.rewarded,
      reward: ofRewarded(one, alpha),
      missing_as_zero: ofAll(one, alpha),
      difference: !compared
        ? null
        : {
            reward: difference(ofRewarded(one, alpha / others / 2), ofRewarded(base, alpha / others / 2)),
            missing_as_zero: difference(ofAll(one, alpha / others / 2), ofAll(base, alpha / others / 2)),
          },
    };
  });
  return { against: base?.promptVersion ?? null, alpha, prompts };
}

function difference(one: RewardEstimate, base: RewardEstimate): PromptDifference {
  return {
    mean: one.mean === null || base.mean === null ? null : one.mean - base.mean,
    low: one.low - base.high,
    high: one.high - base.low,
  };
}
