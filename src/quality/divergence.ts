/**
 * How far two lists of counts over the same bins lie apart. Pure.
 *
 * - PSI, the population stability index: sum of (q - p) ln(q / p), over the shares p of the baseline and q of today. It is Kullback's and
 *   Leibler's J-divergence (1951); the name and the rule of 0.1 and 0.2 come from credit scoring (Lewis 1994; Siddiqi 2006).
 * - By chance alone, with n and m samples of one distribution over B bins, PSI is about (1/n + 1/m) times a chi-squared variable with B - 1
 *   degrees of freedom (Yurdakul and Naranjo 2020, Statistical properties of the population stability index).
 * - Jensen-Shannon divergence (Lin 1991), to base 2: from 0, the same, to 1, nothing in common. It needs no floor.
 */
import { chiSquaredAbove } from './chi-squared.js';

/** From here on a shift is commonly called large. */
export const PSI_LIMIT = 0.2;
/** How often chance alone may exceed the threshold. */
export const FALSE_ALARM_RATE = 0.001;

type Counts = readonly number[];

const sum = (counts: Counts): number => counts.reduce((total, count) => total + count, 0);

/** Shares; an empty bin has that of half a sample, so that its logarithm is finite. */
function floored(counts: Counts): number[] {
  const n = sum(counts);
  return counts.map((count) => Math.max(count, 0.5) / n);
}

/** Bins that neither has say nothing. */
function inEither(p: Counts, q: Counts): [Counts, Counts] {
  const some = (counts: Counts): number[] => counts.filter((_, at) => p[at]! > 0 || q[at]! > 0);
  return [some(p), some(q)];
}

/** NaN where either has no samples. */
export function psi(baseline: Counts, current: Counts): number {
  const [p, q] = inEither(baseline, current).map(floored) as [number[], number[]];
  return p.length === 0 ? NaN : sum(p.map((share, at) => (q[at]! - share) * Math.log(q[at]! / share)));
}

/** Of today from the baseline, in nats: sum of q ln(q / p) - q + p, which floors cannot make negative. */
export function klDivergence(baseline: Counts, current: Counts): number {
  const [p, q] = inEither(baseline, current).map(floored) as [number[], number[]];
  return sum(p.map((share, at) => q[at]! * Math.log(q[at]! / share) - q[at]! + share));
}

/** What PSI exceeds by chance once in 1 / FALSE_ALARM_RATE, of so many bins that either has. */
export function psiByChance(bins: number, n: number, m: number): number {
  return chiSquaredAbove(FALSE_ALARM_RATE, bins - 1) * (1 / n + 1 / m);
}

export function binsInEither(baseline: Counts, current: Counts): number {
  return inEither(baseline, current)[0].length;
}

/** In bits. */
export function jensenShannon(baseline: Counts, current: Counts): number {
  const [n, m] = [sum(baseline), sum(current)];
  const half = (share: number, middle: number): number => (share === 0 ? 0 : share * Math.log2(share / middle));
  return Math.max(
    0,
    sum(
      baseline.map((count, at) => {
        const [p, q] = [count / n, current[at]! / m];
        const middle = (p + q) / 2;
        return (half(p, middle) + half(q, middle)) / 2;
      }),
    ),
  );
}

/** The Jensen-Shannon divergence of a small shift whose PSI is this: to second order it is PSI / 8 nats. */
export function jensenShannonLike(psiValue: number): number {
  return psiValue / (8 * Math.LN2);
}
