/** What the gate is tried on: how likely each candidate of the logged decisions was to be chosen, and what reward the decision had. */
import type { Window } from '../rollouts/looks.js';

export interface LoggedOdds {
  /** Unix ms. */
  readonly requestedAtMs: number;
  /** Of all candidates, in any order: how likely the policy that decided was to choose each. */
  readonly propensities: readonly number[];
  /** null: none has come. */
  readonly reward: number | null;
}

export interface OddsInOrder {
  /** In the order of requests. Propensities above 0, largest first. */
  at(index: number): { readonly propensities: readonly number[]; readonly reward: number | null };
  /** Indices of the decisions requested in the window: from, and to without it. */
  within(window: Window): { readonly from: number; readonly to: number };
}

/** Propensities add up to 1, but for rounding. */
const ROUNDING = 1e-6;

/** Memory for each decision is a few numbers, as policies have few sets of propensities. */
export class DecisionOdds {
  readonly #times: number[] = [];
  readonly #rewards: (number | null)[] = [];
  readonly #kinds: number[] = [];
  readonly #kindOf = new Map<string, number>();
  readonly #propensities: (readonly number[])[] = [];
  #unusable = 0;

  /** In any order. */
  add({ requestedAtMs, propensities, reward }: LoggedOdds): void {
    const possible = propensities.filter((propensity) => propensity > 0).sort((a, b) => b - a);
    const sum = possible.reduce((total, propensity) => total + propensity, 0);
    if (!(Math.abs(sum - 1) <= ROUNDING)) {
      this.#unusable++;
      return;
    }
    const name = possible.join();
    let kind = this.#kindOf.get(name);
    if (kind === undefined) this.#kindOf.set(name, (kind = this.#propensities.push(possible) - 1));
    this.#times.push(requestedAtMs);
    this.#rewards.push(reward);
    this.#kinds.push(kind);
  }

  /** Decisions whose propensities do not add up to 1. */
  get unusable(): number {
    return this.#unusable;
  }

  inOrder(): OddsInOrder {
    const order = Uint32Array.from(this.#times.keys()).sort((a, b) => this.#times[a]! - this.#times[b]!);
    const firstAtOrAfter = (atMs: number): number => {
      let [low, high] = [0, order.length];
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (this.#times[order[middle]!]! < atMs) low = middle + 1;
        else high = middle;
      }
      return low;
    };
    return {
      at: (index) => ({ propensities: this.#propensities[this.#kinds[order[index]!]!]!, reward: this.#rewards[order[index]!]! }),
      within: ({ fromMs, toMs }) => ({ from: firstAtOrAfter(fromMs), to: firstAtOrAfter(toMs) }),
    };
  }
}
