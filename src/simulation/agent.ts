/** One policy with one user: it scores, draws, sees what came of it and learns, by the same code as the live one. */
import { decayedEpsilon } from '../policies/controls/exploration.js';
import { drawUniform, pick } from '../policies/draw.js';
import { epsilonGreedy } from '../policies/egreedy.js';
import { add, emptyState, type Posterior, type RidgeState } from '../policies/ridge.js';
import { posteriorUnder, scoreOf } from '../policies/score.js';
import type { PooledPrior, ProfileValues } from '../policies/policy.js';
import type { Contestant } from './contestant.js';
import { SimulatedProfile } from './profile.js';
import type { SimulatedDecision } from './world.js';

/** Stands in the draw where live decisions have the name of the policy: all explore at the same time, as far as they explore at all. */
const DRAW = 'simulation';
const SALT = '0';

/** A choice, with what the policy knew and what came of it. */
export interface Decided {
  /** Index of the candidate. */
  readonly chosen: number;
  /** Of the chosen candidate. */
  readonly vector: readonly number[];
  readonly profile: ProfileValues;
  /** null: no reaction. */
  readonly reward: 0 | 1 | null;
}

export class Agent {
  readonly #contestant: Contestant;
  readonly #prior: PooledPrior | null;
  readonly #state: RidgeState;
  readonly #profile = new SimulatedProfile();
  #posterior: Posterior | undefined;

  constructor(contestant: Contestant, prior: PooledPrior | null = null) {
    this.#contestant = contestant;
    this.#prior = prior;
    this.#state = emptyState(contestant.policy.dimension);
  }

  /** It has learned from what came of it when this returns. */
  decide(decision: SimulatedDecision, decisionId: string, dismisses: number): Decided {
    const { candidates, requestedAtMs } = decision;
    const { policy, exploration } = this.#contestant;
    const known = (this.#posterior ??= posteriorUnder(policy, this.#state, this.#prior));
    const profile = this.#profile.asOf(requestedAtMs);
    const vectors = candidates.map(policy.vectorizer({ requestedAtMs, utcOffsetMin: 0 }, profile));
    const scores = vectors.map((x) => scoreOf(policy, known, x));
    const epsilon = policy.fixedEpsilon ?? decayedEpsilon(exploration, this.#state.updates);
    const chosen = pick(epsilonGreedy(scores, epsilon).propensities, drawUniform(DRAW, SALT, decisionId));
    const vector = vectors[chosen]!;
    const reward = this.live(decision, chosen, dismisses);
    if (reward !== null) {
      add(this.#state, vector, reward, 1);
      this.#posterior = undefined;
    }
    return { chosen, vector, profile, reward };
  }

  /** What happens when a candidate is served: it shows in the profile. Nothing is learned from it. Answers the reward. */
  live(
    { requestedAtMs, hour, candidates, chances, fates, dismissFate, dwellMs }: SimulatedDecision,
    served: number,
    dismisses: number,
  ): 0 | 1 | null {
    const done = fates[served]! < chances[served]!;
    const outcome = done ? 'done' : dismissFate < dismisses ? 'dismiss' : 'none';
    this.#profile.add({ atMs: requestedAtMs, hour, category: candidates[served]!.category, outcome, dwellMs });
    return outcome === 'none' ? null : done ? 1 : 0;
  }
}
