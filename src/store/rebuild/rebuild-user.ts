/** Replaces what a state file holds of one user's tips and rows by what a replay of the log gave. */
import { createAggregate, applyTipChange, isKnown } from '../../projections/aggregate.js';
import { aggregateAt } from '../../projections/as-of.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { type KeptOfUser, profileOf, rowCountersOf } from '../../projections/kept/user-rows.js';
import { NO_TIP } from '../../projections/tip.js';
import type { PartitionState } from '../partition-state.js';
import type { UserEntry } from '../tables/held/entries.js';

/**
 * One transaction, between two batches. Servings' links to decisions, and so rewards, are left as they are. `noteChange`: whether a
 * profile that differs as of now, by the counters or by what is behind them, is to be published.
 */
export function replaceKept(
  state: PartitionState,
  registry: Registry,
  userId: string,
  kept: KeptOfUser,
  nowMs: number,
  noteChange: boolean,
): void {
  state.transaction(nowMs, () => {
    const user = state.users.obtain(userId);
    const before = profilesBefore(state, registry, user, nowMs);
    state.tips.deleteAll(user);
    state.users.keep(user, createAggregate());
    for (const [tipId, tip] of kept.tips) {
      const entry = state.tips.obtain(user, tipId);
      state.tips.change(user, entry, tip, state.links.decisionsOfTip(user.uid, tipId).length > 0);
      applyTipChange(registry, user.aggregate, NO_TIP, tip, nowMs);
    }
    for (const table of state.rows.kinds) table.replace(user.uid, kept.rows.get(table.kind.name) ?? [], nowMs);
    const after = textOf(profileOf(registry, kept, nowMs));
    if (noteChange && before.some((text) => text !== after)) state.changedProfiles.note(user);
  });
}

/** By the stored counters, and by the tips and rows. */
function profilesBefore(state: PartitionState, registry: Registry, user: UserEntry, nowMs: number): string[] {
  const source = state.tips.source(user);
  const stored = state.rows.countersSeen(user.uid, nowMs);
  const rows = new Map(state.rows.kinds.map((table) => [table.kind.name, table.rows(user.uid)]));
  const counted = rowCountersOf(registry, rows, nowMs);
  return [[user.aggregate, stored] as const, [undefined, counted] as const].map(([from, counters]) => {
    const aggregate = aggregateAt(registry, nowMs, source, from);
    return textOf(isKnown(aggregate) ? registry.values(aggregate, nowMs, counters) : null);
  });
}

const textOf = (features: FeatureValues | null): string => (features === null ? '' : JSON.stringify(features));
