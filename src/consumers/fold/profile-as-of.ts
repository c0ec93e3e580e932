/** Aggregates of the owner's users as of a time, kept for the next reading where that is allowed. */
import { isExactAt, type Aggregate } from '../../projections/aggregate.js';
import { aggregateAt } from '../../projections/as-of.js';
import type { Registry } from '../../projections/registry.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { UserEntry } from '../../store/tables/entries.js';

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
  moved(user: UserEntry, asOfMs: number, nowMs: number): Aggregate {
    if (isExactAt(user.aggregate, asOfMs)) return user.aggregate;
    this.#state.tips.flush(user);
    const moved = aggregateAt(this.#registry, asOfMs, this.#state.tips.source(user), user.aggregate);
    if (asOfMs <= nowMs) {
      user.aggregate = moved;
      this.#state.users.markDirty(user);
    }
    return moved;
  }

  /** Between transactions: computed and discarded. */
  seen(user: UserEntry, asOfMs: number): Aggregate {
    return aggregateAt(this.#registry, asOfMs, this.#state.tips.source(user), user.aggregate);
  }
}
