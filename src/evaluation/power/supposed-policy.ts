/**
 * A policy that nobody has written yet: it explores as the one that decided, and in a given share of the decisions it scores another
 * candidate highest.
 */
import type { LoggedDecision } from '../logged-decision.js';
import type { EvaluationRow } from '../row.js';
import type { SetAside } from '../policy-replay.js';

/** Multiples of it modulo 1 are spread evenly, whatever stretch of them is looked at. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export class SupposedPolicy {
  readonly #share: number;
  readonly #firstAtMs = new Map<string, number>();
  #n = 0;

  /** `share`: of the decisions in which it chooses otherwise, 0 to 1. */
  constructor(share: number) {
    this.#share = share;
  }

  next(decision: LoggedDecision): EvaluationRow | SetAside {
    const { userId, requestedAtMs, chosenTipId, servedTipId, propensities, reward } = decision;
    const firstAtMs = this.#firstAtMs.get(userId) ?? requestedAtMs;
    this.#firstAtMs.set(userId, firstAtMs);
    const served = servedTipId ?? chosenTipId;
    if (served !== chosenTipId) return 'another tip was served';
    const loggedPropensity = propensities.get(served) ?? 0;
    if (loggedPropensity === 0) return 'not in the ranking';
    const [least, most] = [Math.min(...propensities.values()), Math.max(...propensities.values())];
    if (least === 0) return 'no exploration';
    const differs = (++this.#n * GOLDEN) % 1 < this.#share && most > least;
    // The likeliest candidate and one of the least likely change places.
    const [up, down] = [most / least, least / most];
    return {
      decisionId: `${userId} ${decision.decisionId}`,
      reward,
      loggedPropensity,
      newPropensity: differs && loggedPropensity === most ? least : loggedPropensity,
      weights: differs ? { largest: up, variance: least * (up - 1) ** 2 + most * (down - 1) ** 2 } : { largest: 1, variance: 0 },
      expected: null,
      segments: decision.segments(firstAtMs),
    };
  }
}
