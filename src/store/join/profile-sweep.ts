/** One user's profile at many times, in one pass over the user's tips. */
import { isKnown, type Aggregate } from '../../projections/aggregate.js';
import type { TipSource } from '../../projections/as-of.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { Sweep } from '../../projections/sweep.js';

export interface SweptProfile {
  /** Whether any kept time lies in the window. */
  readonly known: boolean;
  readonly features: FeatureValues;
}

export class ProfileSweep {
  readonly userId: string;
  readonly #registry: Registry;
  readonly #sweep: Sweep;
  readonly #check: (asOfMs: number) => void;
  #aggregate: Aggregate | undefined;
  #profile: SweptProfile | undefined;

  /** `check` throws for a time that nothing can be said of; later times than one that it let pass are not checked. */
  constructor(userId: string, registry: Registry, tips: TipSource, stored: Aggregate | undefined, check: (asOfMs: number) => void) {
    this.userId = userId;
    this.#registry = registry;
    this.#sweep = new Sweep(registry, tips, stored);
    this.#check = check;
  }

  /** Times in ascending order. The same object as before while nothing has changed. Throws as_of_pruned. */
  at(asOfMs: number): SweptProfile {
    if (this.#profile === undefined) this.#check(asOfMs);
    const aggregate = this.#sweep.at(asOfMs);
    if (this.#profile !== undefined && aggregate === this.#aggregate) return this.#profile;
    this.#aggregate = aggregate;
    const known = isKnown(aggregate);
    this.#profile = { known, features: known ? this.#registry.values(aggregate) : this.#registry.emptyValues() };
    return this.#profile;
  }
}
