/** A sum of many numbers that come one by one, whose rounding errors do not add up: Neumaier, ZAMM 54 (1974). */
export class Total {
  #sum = 0;
  #lost = 0;

  add(value: number): void {
    const sum = this.#sum + value;
    this.#lost += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - sum + value : value - sum + this.#sum;
    this.#sum = sum;
  }

  take(other: Total): void {
    this.add(other.#sum);
    this.add(other.#lost);
  }

  get value(): number {
    return this.#sum + this.#lost;
  }
}
