/**
 * Whether a mean is above a number that was named beforehand, looked at whenever one likes: a bet against "it is not".
 *
 * K_n(m) = the mixture over rates l of the product of 1 + l (z_i - m), for values z_i >= -1. With mu_i the mean that z_i had given all
 * before, the product times exp(-l (sum of mu_i - m)) is a supermartingale, because 1 + l (mu_i - m) <= exp(l (mu_i - m)), and it begins
 * at 1. So the chance that K_n(m) >= 1 / alpha at any n at which the average of mu_1 .. mu_n is not above m is at most alpha (Ville). It
 * holds for means that change and that depend on the past, and for values as large as they like. It needs m and the rates fixed
 * beforehand, and l < 1 / (1 + m).
 *
 * Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B (2024), bet at rates that follow the values:
 * those are sharper, and wrong where the mean may be above m for a while and below it for another.
 */
import { logSumExp, BETTING_RATES } from './rates.js';

/** Products leave this range of numbers for their logarithms. */
const LARGEST = 1e200;

export class GainTest {
  readonly #above: number;
  readonly #products = BETTING_RATES.rates.map(() => 1);
  readonly #logs = BETTING_RATES.rates.map(() => 0);
  #n = 0;

  /** `above`: from -1 to 1. */
  constructor(above: number) {
    if (!(above >= -1 && above < 1)) throw new RangeError(`a difference of rewards is not above ${above}`);
    this.#above = above;
  }

  /** Throws RangeError for a value below -1: the bet could lose more than its stake. */
  add(z: number): void {
    if (!(z >= -1 && z < Infinity)) throw new RangeError(`${z} is not a number from -1 on`);
    const excess = z - this.#above;
    this.#n++;
    if (excess === 0) return;
    const { rates } = BETTING_RATES;
    for (let k = 0; k < rates.length; k++) {
      const product = this.#products[k]! * (1 + rates[k]! * excess);
      if (product < LARGEST && product > 1 / LARGEST) this.#products[k] = product;
      else {
        this.#logs[k]! += Math.log(product);
        this.#products[k] = 1;
      }
    }
  }

  /** Of values that came between those of this one: bets on both together. */
  take(other: GainTest): void {
    this.#n += other.#n;
    for (let k = 0; k < this.#logs.length; k++) {
      this.#logs[k]! += other.#logs[k]! + Math.log(other.#products[k]!);
    }
  }

  /** log K: at least log(1 / alpha) shows it at confidence 1 - alpha. */
  get logEvidence(): number {
    return logSumExp(BETTING_RATES.logShares.map((share, k) => share + this.#log(k)));
  }

  /** About how many values like these it takes until the evidence is `logLimit`, if each bet goes on as it has grown; null: it never is. */
  valuesUntil(logLimit: number): number | null {
    if (this.#n === 0) return null;
    return valuesUntil(
      BETTING_RATES.rates.map((_, k) => this.#log(k) / this.#n),
      logLimit,
    );
  }

  #log(k: number): number {
    return this.#logs[k]! + Math.log(this.#products[k]!);
  }
}

/** More than anybody has. */
const MOST_VALUES = 1e15;

/** By how much the logarithm of each rate's bet grows with a value, to the second order. `distance`: of the mean from the number named. */
export function plannedGrowths(distance: number, variance: number): number[] {
  return BETTING_RATES.rates.map((rate) => rate * distance - (rate ** 2 / 2) * (variance + distance ** 2));
}

/** As GainTest's, from how much the logarithm of each rate's bet grows with a value. */
export function valuesUntil(growths: readonly number[], logLimit: number): number | null {
  if (!growths.some((growth) => growth > 0)) return null;
  const { logShares } = BETTING_RATES;
  const reached = (n: number): boolean => logSumExp(growths.map((growth, k) => logShares[k]! + n * growth)) >= logLimit;
  let most = 1;
  while (!reached(most)) {
    most *= 2;
    if (most > MOST_VALUES) return null;
  }
  let least = most / 2;
  while (most - least > 0.5) {
    const middle = (least + most) / 2;
    if (reached(middle)) most = middle;
    else least = middle;
  }
  return Math.ceil(most);
}
