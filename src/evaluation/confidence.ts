/** An interval for the mean of bounded values, without assuming a distribution. */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * For the mean of `n` values within a range, of which the sum is known, at confidence 1 - alpha: Maurer and Pontil, "Empirical Bernstein
 * bounds and sample variance penalization" (COLT 2009), theorem 4, with the largest variance that they can have. For a number of values
 * that was fixed before, and one mean that all of them have; the whole range below two values.
 */
export function intervalOfMean(total: number, n: number, { low, high }: Interval, alpha: number): Interval {
  if (n < 2) return { low, high };
  // Within [0, 1], where values vary most when each is at an end.
  const mean = (total / n - low) / (high - low);
  const log = Math.log(4 / alpha);
  const radius = Math.sqrt((2 * ((mean * (1 - mean) * n) / (n - 1)) * log) / n) + (7 * log) / (3 * (n - 1));
  return { low: low + (high - low) * Math.max(0, mean - radius), high: low + (high - low) * Math.min(1, mean + radius) };
}
