/**
 * Whether weights can have a mean of 1, as those of right propensities have. The variance of each decision's weight is known, because all
 * that could have been chosen is; so Bernstein's inequality says how likely so large a sum is (S. Boucheron, G. Lugosi and P. Massart,
 * Concentration inequalities, 2013, corollary 2.11). It is asked once, of the decisions as they are.
 */
import { Total } from '../total.js';
import type { PossibleWeights } from '../row.js';

export class MeanWeight {
  readonly #excess = new Total();
  readonly #variance = new Total();
  #largest = 1;

  add(weight: number, { largest, variance }: PossibleWeights): void {
    this.#excess.add(weight - 1);
    this.#variance.add(variance);
    this.#largest = Math.max(this.#largest, largest);
  }

  /** Wrong with a probability of at most alpha where the mean is 1. */
  isNotOne(alpha: number): boolean {
    const excess = this.#excess.value;
    const distance = Math.abs(excess);
    if (distance === 0) return false;
    // How far a single weight can be off: above by the largest less 1, below by 1.
    const most = excess > 0 ? this.#largest - 1 : 1;
    return distance ** 2 / (2 * (this.#variance.value + (most * distance) / 3)) > Math.log(2 / alpha);
  }
}
