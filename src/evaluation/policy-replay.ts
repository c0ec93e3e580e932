/** What a policy would have done on decisions that another one made: rows that evaluation judges. */
import { epsilonGreedy } from '../policies/egreedy.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { posterior } from '../policies/ridge.js';
import { dot, scoreOf } from '../policies/score.js';
import type { LoggedDecision } from './logged-decision.js';
import { exampleOf, Learner, PolicyLearner, possibleWeights, type Met, type PartsOf, type SetAside } from './policy-learner.js';
import type { EvaluationRow, ExpectedReward } from './row.js';

export type { SetAside } from './policy-learner.js';

export interface ReplayOptions {
  readonly policy: PolicyDefinition;
  /** Holds unless the policy has one of its own, or the logged decision says its own. */
  readonly epsilon: number;
  readonly lambda: number;
  /** theta_0, one per entry of the policy's vector; absent: zeros. */
  readonly priorMean?: readonly number[] | undefined;
  readonly partsOf?: PartsOf;
}

export class PolicyReplay {
  readonly #policy: PolicyDefinition;
  readonly #epsilon: number;
  readonly #lambda: number;
  readonly #priorMean: readonly number[] | null;
  readonly #learner: PolicyLearner;
  /** A reward model of all users together, for the doubly robust estimate: it too knows only what came before. */
  readonly #model: Learner;

  constructor({ policy, epsilon, lambda, priorMean, partsOf }: ReplayOptions) {
    this.#policy = policy;
    this.#epsilon = epsilon;
    this.#lambda = lambda;
    this.#priorMean = priorMean ?? null;
    this.#learner = new PolicyLearner(policy, partsOf);
    this.#model = new Learner(policy.dimension);
  }

  next(decision: LoggedDecision): EvaluationRow | SetAside {
    const { requestedAtMs, reward, propensities: logged } = decision;
    const met = this.#learner.next(decision);
    if (met === undefined) return 'no vectors';
    const { tipIds, vectors, state, served, loggedPropensity, flaw } = met;
    const modelState = this.#model.at(requestedAtMs);
    const x = vectors.get(served);
    if (reward !== null && x !== undefined) this.#model.take(exampleOf(decision, x, reward));
    if (flaw !== null) return flaw;

    const known = posterior(state, this.#lambda, this.#priorMean);
    const scores = tipIds.map((tipId) => scoreOf(this.#policy, known, vectors.get(tipId)!));
    const { propensities } = epsilonGreedy(scores, this.#policy.fixedEpsilon ?? decision.epsilon ?? this.#epsilon);
    const weights = possibleWeights(propensities, tipIds, logged);
    if (weights === undefined) return 'no exploration';
    return {
      decisionId: `${decision.userId} ${decision.decisionId}`,
      reward,
      loggedPropensity,
      newPropensity: propensities[tipIds.indexOf(served)]!,
      weights,
      expected: expectedReward(posterior(modelState, 1).theta, met, propensities, logged),
      segments: decision.segments(met.firstAtMs),
    };
  }
}

function expectedReward(
  theta: Float64Array,
  { tipIds, vectors, served }: Met,
  propensities: ArrayLike<number>,
  logged: ReadonlyMap<string, number>,
): ExpectedReward {
  const rewards = tipIds.map((tipId) => Math.min(1, Math.max(0, dot(theta, vectors.get(tipId)!))));
  const mean = (probability: (i: number) => number): number => rewards.reduce((sum, reward, i) => sum + probability(i) * reward, 0);
  return {
    served: rewards[tipIds.indexOf(served)]!,
    underNew: mean((i) => propensities[i]!),
    underLogged: mean((i) => logged.get(tipIds[i]!) ?? 0),
  };
}
