/** What each policy has decided, and the rewards, on the partitions held here, counted so that the service goes on meanwhile. */
import { decisionCounts, type DecisionCount } from '../../store/queries/decision-counts.js';
import { inSlices } from './in-slices.js';

/** By the policy's name in tip.scored. Throws no_data, state_mismatch and the signal's reason. */
export type PolicyCounts = ReadonlyMap<string, DecisionCount>;

export async function countByPolicy(paths: readonly string[], signal: AbortSignal): Promise<PolicyCounts> {
  const counts = new Map<string, DecisionCount>();
  for (const path of paths) {
    await inSlices(decisionCounts(path), signal, (some) => {
      for (const { policy, decisions, rewarded, rewards } of some) {
        const before = counts.get(policy) ?? { policy, decisions: 0, rewarded: 0, rewards: 0 };
        counts.set(policy, {
          policy,
          decisions: before.decisions + decisions,
          rewarded: before.rewarded + rewarded,
          rewards: before.rewards + rewards,
        });
      }
    });
  }
  return counts;
}
