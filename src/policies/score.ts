/** One decision by one policy: vectors, scores, propensities and the seeded choice. scored-event.ts turns it into tip.scored. */
import { compareCodePoints } from '../events/strings.js';
import type { Candidate } from '../topics.js';
import { drawUniform, pick } from './draw.js';
import { epsilonGreedy, rankingOf } from './egreedy.js';
import type { DecisionContext, PolicyDefinition, PooledPrior, ProfileValues } from './policy.js';
import { posterior as posteriorOf, type Posterior, type RidgeState } from './ridge.js';

export interface ScoreRequest extends DecisionContext {
  readonly policy: PolicyDefinition;
  /** The policy's name in the event and in the draw: a shadow's carries its suffix. */
  readonly eventPolicy: string;
  readonly state: RidgeState;
  /** In effect for the policy; absent or null: none. */
  readonly prior?: PooledPrior | null | undefined;
  /** What posteriorUnder answers for policy, state and prior, when the caller has it; solved here otherwise. */
  readonly posterior?: Posterior | undefined;
  readonly decisionId: string;
  readonly salt: string;
  /** As configured; a policy with one of its own takes that. */
  readonly epsilon: number;
  /** 1 to MAX_CANDIDATES with distinct tip_ids, in any order. */
  readonly candidates: readonly Candidate[];
  readonly profile: ProfileValues;
}

export interface RankedCandidate {
  readonly tip_id: string;
  readonly score: number;
  readonly propensity: number;
  /** The candidate's, where it has one: with its vector and the profile it is all that a vector is made of. */
  readonly category?: string;
}

export interface Scored {
  /** As in the event. */
  readonly policy: string;
  readonly chosenTipId: string;
  /** The chosen one is not among the highest. */
  readonly explored: boolean;
  /** By score descending, then tip_id. */
  readonly ranking: RankedCandidate[];
  readonly featureNames: readonly string[];
  /** By tip_id. Without a prototype, so that any tip_id is a key like another; read with `recordedVector`. */
  readonly vectors: Record<string, number[]>;
  readonly theta: number[];
  /** Rewarded decisions behind theta. */
  readonly updates: number;
  /** controlId of the prior; absent: none. */
  readonly prior?: string;
  /** Packed lower triangle of the G behind the scores, where they depend on more than theta. */
  readonly g?: number[];
  readonly epsilon: number;
  readonly salt: string;
  readonly u: number;
}

/** theta . x, summed in index order. */
export function dot(theta: ArrayLike<number>, x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += theta[i]! * x[i]!;
  return sum;
}

/** theta . x, and what optimism adds for what is not known yet: the score of a candidate whose vector is `x`. */
export function scoreOf({ optimism }: Pick<PolicyDefinition, 'optimism'>, posterior: Posterior, x: readonly number[]): number {
  return dot(posterior.theta, x) + (optimism === 0 ? 0 : optimism * Math.sqrt(posterior.variance(x)));
}

/** What is known of a user under a policy: with a prior theta is (G + lambda I)^-1 (b + lambda theta_0), without one theta_0 is 0. */
export function posteriorUnder({ hyperparameters }: PolicyDefinition, state: RidgeState, prior: PooledPrior | null = null): Posterior {
  return prior === null ? posteriorOf(state, hyperparameters.lambda) : posteriorOf(state, prior.lambda, prior.theta);
}

/** Scores every candidate and draws one. Pure: the same request gives the same answer, whatever the order of its candidates. */
export function scoreCandidates(request: ScoreRequest): Scored {
  const { policy, eventPolicy, state, decisionId, salt, profile } = request;
  const epsilon = policy.fixedEpsilon ?? request.epsilon;
  const posterior = request.posterior ?? posteriorUnder(policy, state, request.prior);
  const candidates = [...request.candidates].sort((a, b) => compareCodePoints(a.tip_id, b.tip_id));
  const vectorOf = policy.vectorizer(request, profile);
  const scores = new Float64Array(candidates.length);
  const vectors = Object.create(null) as Record<string, number[]>;
  for (let i = 0; i < candidates.length; i++) {
    const candidate = candidates[i]!;
    const x = vectorOf(candidate);
    scores[i] = scoreOf(policy, posterior, x);
    vectors[candidate.tip_id] = x;
  }
  const { propensities, highest } = epsilonGreedy(scores, epsilon);
  const u = drawUniform(eventPolicy, salt, decisionId);
  const chosen = pick(propensities, u);
  return {
    policy: eventPolicy,
    chosenTipId: candidates[chosen]!.tip_id,
    explored: highest[chosen] !== 1,
    ranking: rankingOf(scores).map((index) => {
      const { tip_id, category } = candidates[index]!;
      return { tip_id, score: scores[index]!, propensity: propensities[index]!, ...(category == null ? {} : { category }) };
    }),
    featureNames: policy.featureNames,
    vectors,
    theta: Array.from(posterior.theta),
    updates: state.updates,
    ...(request.prior == null ? {} : { prior: request.prior.controlId }),
    ...(policy.optimism === 0 ? {} : { g: Array.from(state.g) }),
    epsilon,
    salt,
    u,
  };
}
