/** Replaces what a state file holds of one user's tips by what a replay of the log gave. */
import { type Aggregate, createAggregate, applyTipChange, isKnown } from '../../projections/aggregate.js';
import { aggregateAt } from '../../projections/as-of.js';
import type { Registry } from '../../projections/registry.js';
import { NO_TIP, type TipState } from '../../projections/tip.js';
import type { PartitionState } from '../partition-state.js';

/**
 * One transaction, between two batches. Servings' links to decisions, and so rewards, are left as they are. `noteChange`: whether a
 * profile that differs as of now, by the counters or by the tips behind them, is to be published.
 */
export function replaceTips(
  state: PartitionState,
  registry: Registry,
  userId: string,
  tips: ReadonlyMap<string, TipState>,
  nowMs: number,
  noteChange: boolean,
): void {
  state.transaction(nowMs, () => {
    const user = state.users.obtain(userId);
    const source = state.tips.source(user);
    const before = [user.aggregate, undefined].map((aggregate) => profileText(registry, aggregateAt(registry, nowMs, source, aggregate)));
    state.tips.deleteAll(user);
    user.aggregate = createAggregate();
    state.users.markDirty(user);
    for (const [tipId, tip] of tips) {
      const entry = state.tips.obtain(user, tipId);
      state.tips.change(user, entry, tip, state.links.decisionsOfTip(user.uid, tipId).length > 0);
      applyTipChange(registry, user.aggregate, NO_TIP, tip, nowMs);
    }
    const after = profileText(registry, aggregateAt(registry, nowMs, { count: tips.size, all: () => tips.values() }));
    if (noteChange && before.some((text) => text !== after)) state.changedProfiles.add(userId);
  });
}

function profileText(registry: Registry, aggregate: Aggregate): string {
  return isKnown(aggregate) ? JSON.stringify(registry.values(aggregate)) : '';
}
