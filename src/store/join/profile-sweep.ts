/** One user's profile at many times, in one pass over the user's tips and rows. */
import { isKnown, type Aggregate } from '../../projections/aggregate.js';
import type { TipSource } from '../../projections/as-of.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry, RowCounters } from '../../projections/registry.js';
import { Sweep } from '../../projections/sweep.js';

export interface SweptProfile {
  /** Whether any kept time lies in the window. */
  readonly known: boolean;
  readonly features: FeatureValues;
}

export interface AskedOfState {
  /** Throws for a time that nothing can be said of; later times than one that it let pass are not checked. */
  check(asOfMs: number): void;
  /** What is counted of the user's rows. Asked with ascending times. */
  rows(asOfMs: number): RowCounters;
}

export class ProfileSweep {
  readonly userId: string;
  readonly #registry: Registry;
  readonly #sweep: Sweep;
  readonly #asked: AskedOfState;
  #aggregate: Aggregate | undefined;
  #profile: SweptProfile | undefined;

  constructor(userId: string, registry: Registry, tips: TipSource, stored: Aggregate | undefined, asked: AskedOfState) {
    this.userId = userId;
    this.#registry = registry;
    this.#sweep = new Sweep(registry, tips, stored);
    this.#asked = asked;
  }

  /** Times in ascending order. The same object as before while nothing has changed. Throws as_of_pruned. */
  at(asOfMs: number): SweptProfile {
    if (this.#profile === undefined) this.#asked.check(asOfMs);
    const aggregate = this.#sweep.at(asOfMs);
    // Of rows, values may change with every millisecond.
    const { kinds } = this.#registry;
    if (this.#profile !== undefined && aggregate === this.#aggregate && kinds.length === 0) return this.#profile;
    this.#aggregate = aggregate;
    const known = isKnown(aggregate);
    this.#profile = {
      known,
      features: known ? this.#registry.values(aggregate, asOfMs, this.#asked.rows(asOfMs)) : this.#registry.emptyValues(),
    };
    return this.#profile;
  }
}
