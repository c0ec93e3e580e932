import type { Random } from '../../random.js';

/** Beyond this mean a normal distribution does: its error is below what several hundred draws can show. */
const FEW = 30;

/** How many of `n` come, each with probability `p`. */
export function binomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  if (n * p > FEW) {
    const drawn = Math.round(n * p + random.normal() * Math.sqrt(n * p * (1 - p)));
    return Math.min(n, Math.max(0, drawn));
  }
  // From 0 on, each number's chance from the one before.
  let chance = Math.exp(n * Math.log1p(-p));
  let left = random.next();
  let count = 0;
  while (left >= chance && count < n) {
    left -= chance;
    count++;
    chance *= ((n - count + 1) / count) * (p / (1 - p));
  }
  return count;
}
