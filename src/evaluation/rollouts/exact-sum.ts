/** Sums of whole numbers without rounding, so that they do not depend on the order of users. */

const LIMB = 2 ** 26;

export class ExactSum {
  #high = 0;
  #low = 0;

  /** `value` is a whole number below 2^53 in size; up to 2^26 of them. */
  add(value: number): void {
    const high = Math.floor(value / LIMB);
    this.#high += high;
    this.#low += value - high * LIMB;
  }

  get value(): bigint {
    return BigInt(this.#high) * BigInt(LIMB) + BigInt(this.#low);
  }
}

/** The quotient as a double, 0 / 0 being 0. */
export function ratio(numerator: bigint, denominator: bigint): number {
  return denominator === 0n ? 0 : Number(numerator) / Number(denominator);
}
