/** Counts drawn fast: a rollout of a thousand users is some twenty thousand of them. */
import type { Random } from '../../random.js';

/** Above this mean, and this variance, a rounded normal takes the place of the exact distribution. */
const LARGE = 30;

/** Of a Poisson process with so many events on average. */
export function poisson(random: Random, mean: number): number {
  if (mean > LARGE) return Math.max(0, Math.round(mean + Math.sqrt(mean) * random.normal()));
  let count = 0;
  for (let product = random.next(), end = Math.exp(-mean); product > end; product *= random.next()) count++;
  return count;
}

/** Hits among `n`, each with probability `p`. */
export function binomial(random: Random, n: number, p: number): number {
  const variance = n * p * (1 - p);
  if (variance > LARGE) return Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(variance) * random.normal())));
  let hits = 0;
  for (let i = 0; i < n; i++) if (random.next() < p) hits++;
  return hits;
}
