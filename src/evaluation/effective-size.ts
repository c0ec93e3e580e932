/** How many decisions of its own a weighted sample is worth: (sum of w)^2 / sum of w^2 (Kish, 1965). */
import { Total } from './total.js';

export class EffectiveSize {
  readonly #total = new Total();
  #largest = 0;
  /** Of (w / largest)^2: relative to the largest, so that no square leaves the range of numbers. */
  #squares = 0;

  /** A weight from 0 on. */
  add(weight: number): void {
    this.#total.add(weight);
    this.#growTo(weight);
    if (this.#largest > 0) this.#squares += (weight / this.#largest) ** 2;
  }

  take(other: EffectiveSize): void {
    this.#total.take(other.#total);
    this.#growTo(other.#largest);
    if (this.#largest > 0) this.#squares += other.#squares * (other.#largest / this.#largest) ** 2;
  }

  /** 0 where all weights are. */
  get value(): number {
    return this.#squares === 0 ? 0 : (this.#total.value / this.#largest) ** 2 / this.#squares;
  }

  get total(): number {
    return this.#total.value;
  }

  get largest(): number {
    return this.#largest;
  }

  #growTo(weight: number): void {
    if (weight <= this.#largest) return;
    this.#squares *= (this.#largest / weight) ** 2;
    this.#largest = weight;
  }
}
