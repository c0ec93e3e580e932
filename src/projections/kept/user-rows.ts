/** One user's rows of all kinds in memory, and the profile that they give together with the tips. */
import { isKnown } from '../aggregate.js';
import { aggregateAt } from '../as-of.js';
import type { FeatureValues } from '../feature.js';
import type { Registry, RowCounters } from '../registry.js';
import type { TipState } from '../tip.js';
import { countersOf } from '../row-counts.js';
import type { Row } from '../row-kind.js';

/** kind's name -> rows; a kind that is not there has none. */
export type UserRows = ReadonlyMap<string, readonly Row[]>;
export const NO_USER_ROWS: UserRows = new Map();

/** What is kept of a user. */
export interface KeptOfUser {
  /** tip_id -> tip */
  readonly tips: ReadonlyMap<string, TipState>;
  readonly rows: UserRows;
}

export function rowCountersOf({ kinds }: Pick<Registry, 'kinds'>, rows: UserRows, asOfMs: number): RowCounters {
  return new Map(kinds.flatMap((set) => [...countersOf(set, rows.get(set.kind.name) ?? [], asOfMs)]));
}

/** null: the user is not known then. */
export function profileOf(registry: Registry, { tips, rows }: KeptOfUser, asOfMs: number): FeatureValues | null {
  const aggregate = aggregateAt(registry, asOfMs, { count: tips.size, all: () => tips.values() });
  return isKnown(aggregate) ? registry.values(aggregate, asOfMs, rowCountersOf(registry, rows, asOfMs)) : null;
}
