/** The reward of a decision, from the servings that name it and the kept times of the tip that counts. */
import { compareCodePoints } from '../events/strings.js';
import type { TipState } from '../projections/tip.js';
import type { RewardRules } from './controls/reward-rules.js';

/** A tip.served event that names a decision. */
export interface ServingLink {
  readonly tipId: string;
  readonly servedAtMs: number;
}

/** What a reward depends on of a tip. */
export type KeptTimes = Pick<TipState, 'servedAtMs' | 'doneAtMs' | 'dismissAtMs' | 'snoozeAtMs'>;

export interface Reward {
  /** The served candidate, whose recorded vector is learned from. */
  readonly tipId: string;
  /** On the grid of 1/256. */
  readonly reward: number;
}

/**
 * The tip that a decision answers for: the smallest (served_at_ms, tip_id) among its servings of its own candidates; null when there
 * is none.
 */
export function servedCandidate(links: Iterable<ServingLink>, isCandidate: (tipId: string) => boolean): string | null {
  let first: ServingLink | null = null;
  for (const link of links) {
    if (!isCandidate(link.tipId)) continue;
    if (
      first === null ||
      link.servedAtMs < first.servedAtMs ||
      (link.servedAtMs === first.servedAtMs && compareCodePoints(link.tipId, first.tipId) < 0)
    ) {
      first = link;
    }
  }
  return first === null ? null : first.tipId;
}

/** Reactions in the order in which they count: a done beats a dismiss, which beats a snooze, whichever came first. */
export const REACTIONS = ['done', 'dismiss', 'snooze'] as const;
export type Reaction = (typeof REACTIONS)[number];

/** The reaction within the window that counts; null: none yet. */
export function countingReaction({ servedAtMs, ...times }: KeptTimes, windowMs: number): Reaction | null {
  if (servedAtMs === null) return null;
  const at = { done: times.doneAtMs, dismiss: times.dismissAtMs, snooze: times.snoozeAtMs };
  const inWindow = (time: number | null) => time !== null && time >= servedAtMs && time < servedAtMs + windowMs;
  return REACTIONS.find((reaction) => inWindow(at[reaction])) ?? null;
}

/** The reward of a decision, from its servings and their reactions so far; null while there is nothing to learn from. */
export function rewardOf(
  links: Iterable<ServingLink>,
  isCandidate: (tipId: string) => boolean,
  keptTimes: (tipId: string) => KeptTimes | undefined,
  rules: RewardRules,
): Reward | null {
  const tipId = servedCandidate(links, isCandidate);
  if (tipId === null) return null;
  const times = keptTimes(tipId);
  const reaction = times === undefined ? null : countingReaction(times, rules.windowMs);
  return reaction === null ? null : { tipId, reward: rules[reaction] };
}
