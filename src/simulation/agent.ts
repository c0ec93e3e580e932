/** One policy with one user: it scores, draws, sees what came of it and learns, by the same code as the live one. */
import { decayedEpsilon } from '../policies/controls/exploration.js';
import { drawUniform, pick } from '../policies/draw.js';
import { epsilonGreedy } from '../policies/egreedy.js';
import { add, emptyState, posterior, type Posterior, type RidgeState } from '../policies/ridge.js';
import { scoreOf } from '../policies/score.js';
import type { Contestant } from './contestant.js';
import { SimulatedProfile } from './profile.js';
import type { SimulatedDecision } from './world.js';

/** Stands in the draw where live decisions have the name of the policy: all explore at the same time, as far as they explore at all. */
const DRAW = 'simulation';
const SALT = '0';

export class Agent {
  readonly #contestant: Contestant;
  readonly #state: RidgeState;
  readonly #profile = new SimulatedProfile();
  #posterior: Posterior | undefined;

  constructor(contestant: Contestant) {
    this.#contestant = contestant;
    this.#state = emptyState(contestant.policy.dimension);
  }

  /** Index of its choice; it has learned from what came of it when this returns. */
  decide(decision: SimulatedDecision, decisionId: string, dismisses: number): number {
    const { candidates, requestedAtMs } = decision;
    const { policy, exploration } = this.#contestant;
    const known = (this.#posterior ??= posterior(this.#state, policy.hyperparameters.lambda));
    const vectorOf = policy.vectorizer({ requestedAtMs, utcOffsetMin: 0 }, this.#profile.asOf(requestedAtMs));
    const vectors = candidates.map(vectorOf);
    const scores = vectors.map((x) => scoreOf(policy, known, x));
    const epsilon = policy.fixedEpsilon ?? decayedEpsilon(exploration, this.#state.updates);
    const chosen = pick(epsilonGreedy(scores, epsilon).propensities, drawUniform(DRAW, SALT, decisionId));
    this.live(decision, chosen, dismisses, vectors[chosen]!);
    return chosen;
  }

  /** What happens when a candidate is served. `x`: learned from, unless nothing came of it, as no reaction is no reward. */
  live(
    { requestedAtMs, hour, candidates, chances, fates, dismissFate, dwellMs }: SimulatedDecision,
    served: number,
    dismisses: number,
    x?: readonly number[],
  ): void {
    const done = fates[served]! < chances[served]!;
    const outcome = done ? 'done' : dismissFate < dismisses ? 'dismiss' : 'none';
    this.#profile.add({ atMs: requestedAtMs, hour, category: candidates[served]!.category, outcome, dwellMs });
    if (x === undefined || outcome === 'none') return;
    add(this.#state, x, done ? 1 : 0, 1);
    this.#posterior = undefined;
  }
}
