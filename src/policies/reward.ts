/** The reward of a decision, from the servings that name it and the kept times of the tip that counts. */
import { compareCodePoints } from '../events/strings.js';
import type { TipState } from '../projections/tip.js';

const DAY_MS = 86_400_000;
/** A reaction counts for its decision when it lies within [served_at, served_at + this). */
export const REWARD_WINDOW_MS = 7 * DAY_MS;

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
  readonly reward: 0 | 1;
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

/** 1 when the done lies in the reward window, else 0 when a dismiss or snooze does, else null: none yet. */
export function rewardFromTimes(times: KeptTimes): 0 | 1 | null {
  const { servedAtMs } = times;
  if (servedAtMs === null) return null;
  const inWindow = (at: number | null) => at !== null && at >= servedAtMs && at < servedAtMs + REWARD_WINDOW_MS;
  if (inWindow(times.doneAtMs)) return 1;
  return inWindow(times.dismissAtMs) || inWindow(times.snoozeAtMs) ? 0 : null;
}

/** The reward of a decision, from its servings and their reactions so far; null while there is nothing to learn from. */
export function rewardOf(
  links: Iterable<ServingLink>,
  isCandidate: (tipId: string) => boolean,
  keptTimes: (tipId: string) => KeptTimes | undefined,
): Reward | null {
  const tipId = servedCandidate(links, isCandidate);
  if (tipId === null) return null;
  const times = keptTimes(tipId);
  const reward = times === undefined ? null : rewardFromTimes(times);
  return reward === null ? null : { tipId, reward };
}
