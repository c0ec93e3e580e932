/** A user's rows, as they are kept and as features, against the naive ones. */
import type { FeatureValues } from '../../projections/feature.js';
import { scalarOf } from '../../projections/object-value.js';
import type { UserRows } from '../../projections/kept/user-rows.js';
import type { KindSet } from '../../projections/row-counts.js';
import type { AuditedRowCounts } from '../../store/queries/row-count-audit.js';
import { compareRowCounts, isOf, type ExpectedRows } from './compare-row-counts.js';
import {
  naiveActivity,
  naiveActivityFeatures,
  naiveSessionCounts,
  naiveTexts,
  NAIVE_TOPICS,
  type NaiveActivity,
} from './naive-activity.js';
import type { NaivePrune, RowsTaken } from '../naive-prunes.js';
import type { Provable } from '../provable.js';
import type { UserComparison } from '../user-comparison.js';

export interface ActivityOptions {
  readonly asOfMs: number;
  readonly provable: Provable;
  /** Those that concern the user. */
  readonly prunes: readonly NaivePrune[];
  readonly took: RowsTaken;
  /** Of the registry; those of a file of features are among them. */
  readonly kinds: readonly KindSet[];
  /** What the state file keeps; empty of a state without these kinds. */
  readonly rows: UserRows;
  /** What it caches of them; undefined: it cannot be read. */
  readonly rowCounts: AuditedRowCounts | undefined;
}

/** `live`: what readers get; undefined when the state file has no such user. Where the log has lost events, nothing can be proven. */
export function compareActivity(comparison: UserComparison, live: FeatureValues | undefined, options: ActivityOptions): void {
  const { user, report } = comparison;
  if (options.rows.size === 0) return;
  const isIncomplete = NAIVE_TOPICS.some((topic) => comparison.isIncomplete(topic));
  const naive = isIncomplete ? undefined : naiveActivity(user.activity, options.prunes, options.took);
  if (options.rowCounts !== undefined)
    compareRowCounts(
      options.rowCounts,
      options.kinds.map((set) => expectedOf(set, naive, options)),
      report,
    );
  if (naive === undefined) return comparison.miss(...NAIVE_TOPICS);
  for (const [kind, expected] of naiveTexts(naive)) {
    if (!options.rows.has(kind)) continue; // a file of features has kinds of its own
    const held = new Set((options.rows.get(kind) ?? []).map((row) => JSON.stringify(Object.values(row))));
    for (const row of held) if (!expected.has(row)) report({ kind: 'user', id: kind, feature: 'row', live: row, replayed: 'no such row' });
    for (const row of expected) if (!held.has(row)) report({ kind: 'user', id: kind, feature: 'row', live: 'no such row', replayed: row });
  }
  if (live === undefined) return;
  for (const [feature, value] of Object.entries(naiveActivityFeatures(naive, options.asOfMs))) {
    if (!options.provable.features.has(feature)) continue;
    const found = scalarOf(live[feature] ?? null);
    if (found !== value) report({ kind: 'profile', feature, live: found, replayed: value });
  }
}

function expectedOf(set: KindSet, naive: NaiveActivity | undefined, { rows, provable }: ActivityOptions): ExpectedRows {
  const stored = rows.get(set.kind.name) ?? [];
  if (naive === undefined || set.kind.name !== 'session') return { set, count: stored.length, stored, naive: undefined };
  const times = new Map<number, ReadonlyMap<string, number>>();
  return {
    set,
    count: naive.session.length,
    stored,
    naive(family, asOfMs) {
      if (!provable.families.has(family)) return undefined;
      const counts = times.get(asOfMs) ?? naiveSessionCounts(naive, asOfMs);
      times.set(asOfMs, counts);
      return new Map([...counts].filter(([name]) => isOf(family, name)));
    },
  };
}
