/**
 * What a reaction is worth: as it has always been unless a configure says otherwise, by its effective time. Values lie on a grid of
 * 1/256, so sums of rewards times entries of vectors stay exact.
 */
import type { ControlEvent } from '../../topics.js';
import { controlsInEffect } from './control.js';

const DAY_MS = 86_400_000;
/** Values are multiples of 1 / this. */
export const REWARD_GRID = 256;

export interface RewardRules {
  /** -1 to 1, multiples of 1/256. The first of these whose reaction lies in the window counts. */
  readonly done: number;
  readonly dismiss: number;
  readonly snooze: number;
  /** A reaction counts when it lies within [served_at, served_at + this), ms. */
  readonly windowMs: number;
}

export const DEFAULT_REWARDS: RewardRules = { done: 1, dismiss: 0, snooze: 0, windowMs: 7 * DAY_MS };

/** On the grid; never -0. */
export function onRewardGrid(value: number): number {
  return Math.round(value * REWARD_GRID) / REWARD_GRID + 0;
}

/** Rules and since when they hold, oldest first; before the first the default rules hold. */
export type RewardTimeline = readonly { readonly fromMs: number; readonly rules: RewardRules }[];

/** Every configure with rewards merged over what was there before it. */
export function rewardTimeline(controls: Iterable<ControlEvent>): RewardTimeline {
  const timeline: { fromMs: number; rules: RewardRules }[] = [];
  let rules = DEFAULT_REWARDS;
  for (const { type, settings, effective_at_ms: fromMs } of controlsInEffect(controls, Infinity)) {
    const rewards = type === 'configure' ? settings?.rewards : undefined;
    if (rewards == null) continue;
    rules = mergedRewards(rules, rewards);
    timeline.push({ fromMs, rules });
  }
  return timeline;
}

/** As settings.rewards are laid over what was there before: an absent value leaves that. */
export function mergedRewards(
  rules: RewardRules,
  rewards: { readonly [Value in keyof RewardsDocument]?: number | null | undefined },
): RewardRules {
  return {
    done: rewards.done == null ? rules.done : onRewardGrid(rewards.done),
    dismiss: rewards.dismiss == null ? rules.dismiss : onRewardGrid(rewards.dismiss),
    snooze: rewards.snooze == null ? rules.snooze : onRewardGrid(rewards.snooze),
    windowMs: rewards.window_ms ?? rules.windowMs,
  };
}

/** The rules for a decision requested then. */
export function rewardRulesIn(timeline: RewardTimeline, requestedAtMs: number): RewardRules {
  return timeline.findLast(({ fromMs }) => fromMs <= requestedAtMs)?.rules ?? DEFAULT_REWARDS;
}

/** All that hold for decisions requested within these times. */
export function rewardRulesWithin(timeline: RewardTimeline, fromMs: number, toMs: number): RewardRules[] {
  return [rewardRulesIn(timeline, fromMs), ...timeline.filter((one) => one.fromMs > fromMs && one.fromMs < toMs).map(({ rules }) => rules)];
}

/** As `rewardRulesIn`, for a single question. */
export function rewardRulesAt(controls: Iterable<ControlEvent>, requestedAtMs: number): RewardRules {
  return rewardRulesIn(rewardTimeline(controls), requestedAtMs);
}

export type RewardsDocument = Omit<RewardRules, 'windowMs'> & { readonly window_ms: number };

/** As settings.rewards has them. */
export function rewardsDocument({ windowMs, ...values }: RewardRules): RewardsDocument {
  return { ...values, window_ms: windowMs };
}

/** What rewards lie within. */
export interface RewardRange {
  readonly low: number;
  readonly high: number;
}

/** Under the rules that hold unless a configure says otherwise. */
export const DEFAULT_RANGE: RewardRange = { low: 0, high: 1 };

/** Under any of these rules; 0 lies within, as what a decision without a reaction counts as. The default where nothing else does. */
export function rewardRange(rules: readonly RewardRules[]): RewardRange {
  const values = rules.flatMap(({ done, dismiss, snooze }) => [done, dismiss, snooze]);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  return low < high ? { low, high } : DEFAULT_RANGE;
}

/** Under all rules that have ever held, the default ones too. */
export function rewardRangeOf(controls: Iterable<ControlEvent>): RewardRange {
  return rewardRange([DEFAULT_REWARDS, ...rewardTimeline(controls).map(({ rules }) => rules)]);
}
