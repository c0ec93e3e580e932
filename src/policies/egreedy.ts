/**
 * Epsilon-greedy over scores: who counts as highest, with what probability each is chosen, and the ranking. Candidates come sorted by
 * tip_id.
 */

/** A score this close to the maximum counts as highest: last-bit differences of the solver must not break ties. */
const TIE_TOLERANCE = 1e-9;

export interface EpsilonGreedy {
  /** Per candidate, summing to 1 but for rounding. */
  readonly propensities: Float64Array;
  /** Per candidate: 1 when its score counts as highest. */
  readonly highest: Uint8Array;
}

/** epsilon / K each, and the remaining 1 - epsilon shared equally by the highest. At least one score. */
export function epsilonGreedy(scores: ArrayLike<number>, epsilon: number): EpsilonGreedy {
  const count = scores.length;
  let maximum = -Infinity;
  for (let i = 0; i < count; i++) maximum = Math.max(maximum, scores[i]!);
  const highest = new Uint8Array(count);
  let ties = 0;
  for (let i = 0; i < count; i++) {
    if (maximum - scores[i]! <= TIE_TOLERANCE) {
      highest[i] = 1;
      ties++;
    }
  }
  const floor = epsilon / count;
  const share = (1 - epsilon) / ties;
  const propensities = new Float64Array(count);
  for (let i = 0; i < count; i++) propensities[i] = highest[i] === 1 ? floor + share : floor;
  return { propensities, highest };
}

/** Indexes by score descending, then by index, which is tip_id order. */
export function rankingOf(scores: ArrayLike<number>): number[] {
  return Array.from(scores, (_, index) => index).sort((a, b) => scores[b]! - scores[a]! || a - b);
}
