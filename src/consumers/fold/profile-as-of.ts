/** Profiles of the owner's users as of a time; aggregates are kept for the next reading where that is allowed. */
import { isExactAt, isKnown, type Aggregate } from '../../projections/aggregate.js';
import { aggregateAt } from '../../projections/as-of.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry, RowCounters } from '../../projections/registry.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { UserEntry } from '../../store/tables/held/entries.js';

export interface ProfileThen {
  readonly known: boolean;
  readonly features: FeatureValues;
}

export class ProfileAsOf {
  readonly #state: PartitionState;
  readonly #registry: Registry;

  constructor(state: PartitionState, registry: Registry) {
    this.#state = state;
    this.#registry = registry;
  }

  /**
   * Within a transaction. An aggregate moved to `asOfMs` is kept, unless it is of the future: folding and reading never leave an aggregate
   * past now.
   */
  moved(user: UserEntry, asOfMs: number, nowMs: number): ProfileThen {
    return this.#profile(this.#moved(user, asOfMs, nowMs), asOfMs, this.#state.rows.counters(user.uid, asOfMs, nowMs));
  }

  /** Between transactions: computed and discarded. */
  seen(user: UserEntry, asOfMs: number): ProfileThen {
    const aggregate = aggregateAt(this.#registry, asOfMs, this.#state.tips.source(user), user.aggregate);
    return this.#profile(aggregate, asOfMs, this.#state.rows.countersSeen(user.uid, asOfMs));
  }

  #moved(user: UserEntry, asOfMs: number, nowMs: number): Aggregate {
    if (isExactAt(user.aggregate, asOfMs)) return user.aggregate;
    this.#state.tips.flush([user]);
    const moved = aggregateAt(this.#registry, asOfMs, this.#state.tips.source(user), user.aggregate);
    if (asOfMs <= nowMs) this.#state.users.keep(user, moved);
    return moved;
  }

  #profile(aggregate: Aggregate, asOfMs: number, rows: RowCounters): ProfileThen {
    return { known: isKnown(aggregate), features: this.#registry.values(aggregate, asOfMs, rows) };
  }
}
