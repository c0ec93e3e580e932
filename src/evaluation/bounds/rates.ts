/**
 * Rates at which to bet, with what each is given: a mixture of supermartingales over fixed rates is a supermartingale, so nobody has to
 * know beforehand which rate suits the data.
 */

export interface Mixture {
  /** Above 0, largest first. */
  readonly rates: readonly number[];
  /** Natural logarithms of what each is given; together at most 1. */
  readonly logShares: readonly number[];
}

/** From a few values to 10^9. */
const MOST_OCTAVES = 16;

/** 2^-1 to 2^-16, so many an octave, with a bell-shaped share around 2^-middle. */
function around(middle: number, spread: number, anOctave: number): Mixture {
  const octaves = Array.from({ length: (MOST_OCTAVES - 1) * anOctave + 1 }, (_, k) => 1 + k / anOctave);
  const heights = octaves.map((octave) => Math.exp(-((octave - middle) ** 2) / (2 * spread ** 2)));
  const total = heights.reduce((sum, height) => sum + height, 0);
  return { rates: octaves.map((octave) => 2 ** -octave), logShares: heights.map((height) => Math.log(height / total)) };
}

export function evenly(rates: readonly number[]): Mixture {
  return { rates, logShares: rates.map(() => -Math.log(rates.length)) };
}

/** For bounds, looked at at any time: the rate that suits depends on how rare rewards are. */
export const RATES_FOR_ALL_TIMES = evenly(Array.from({ length: MOST_OCTAVES }, (_, k) => 2 ** -(k + 1)));
/**
 * For a bet that a gain is there: about half the stake lies within an octave and a half of the middle, where logs of policies that
 * explore a tenth of the time need it. Rates far off have little, and cost little.
 */
export const BETTING_RATES = around(7, 2.5, 1);
/** For who cannot use all of them and must come close to the largest that can be used. */
export const FINE_RATES = around(7, 2.5, 4);

/** For looking once, at `n` values: the best rates for a mean square from 2^-8 to 16, below `most`. */
export function ratesFor(n: number, alpha: number, most = 0.9): Mixture {
  return evenly(
    Array.from({ length: 7 }, (_, k) => Math.min(most, Math.sqrt((2 * Math.log(1 / alpha)) / (Math.max(1, n) * 4 ** (k - 4))))),
  );
}

/** log(sum of exp(terms)), relative to the largest: the terms themselves would overflow. -Infinity of none. */
export function logSumExp(terms: readonly number[]): number {
  const largest = terms.reduce((most, term) => Math.max(most, term), -Infinity);
  if (largest === -Infinity) return -Infinity;
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0));
}
