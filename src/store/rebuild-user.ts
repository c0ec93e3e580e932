/** Replaces what a state file holds of one user's tips by what a replay of the log gave. */
import { createAggregate, applyTipChange } from '../projections/aggregate.js';
import type { Registry } from '../projections/registry.js';
import { NO_TIP, type TipState } from '../projections/tip.js';
import type { PartitionState } from './partition-state.js';

/** One transaction. Servings' links to decisions, and so rewards, are left as they are. */
export function replaceTips(state: PartitionState, registry: Registry, userId: string, tips: ReadonlyMap<string, TipState>, nowMs: number): void {
  state.transaction(nowMs, () => {
    const user = state.users.obtain(userId);
    state.tips.deleteAll(user);
    user.aggregate = createAggregate();
    state.users.markDirty(user);
    for (const [tipId, tip] of tips) {
      const entry = state.tips.obtain(user, tipId);
      state.tips.change(user, entry, tip, state.links.decisionsOfTip(user.uid, tipId).length > 0);
      applyTipChange(registry, user.aggregate, NO_TIP, tip, nowMs);
    }
  });
}
