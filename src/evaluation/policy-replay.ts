/**
 * What a policy would have done on decisions that another one made, had it been learning from them all along. Decisions come in the
 * order of their requests; an example is known from the time of its reaction on, so no decision is judged with what was learned after
 * it. Pure but for its own memory: a state a user.
 */
import { epsilonGreedy } from '../policies/egreedy.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { DEFAULT_REWARDS } from '../policies/controls/reward-rules.js';
import { add, emptyState, posterior, type RidgeState } from '../policies/ridge.js';
import { dot, scoreOf } from '../policies/score.js';
import { compareCodePoints } from '../events/strings.js';
import { ExampleQueue, type TrainingExample } from './example-queue.js';
import type { LoggedDecision } from './logged-decision.js';
import type { StatePart } from '../policies/controls/migration.js';
import type { EvaluationRow, ExpectedReward, PossibleWeights } from './row.js';

/**
 * Why a decision says nothing about another policy. No exploration: the policy that decided would never have chosen something that the
 * other one may choose, so that its reward there is in no log of its kind.
 */
export type SetAside = 'another tip was served' | 'no vectors' | 'not in the ranking' | 'no exploration';

export interface ReplayOptions {
  readonly policy: PolicyDefinition;
  /** Holds unless the policy has one of its own, or the logged decision says its own. */
  readonly epsilon: number;
  readonly lambda: number;
  /** theta_0, one per entry of the policy's vector; absent: zeros. */
  readonly priorMean?: readonly number[] | undefined;
  /** Whose decisions a user's state is made of; undefined: everybody's. */
  readonly partsOf?: ((userId: string) => readonly StatePart[]) | undefined;
}

interface UserMemory {
  state: RidgeState;
  pending: ExampleQueue;
  readonly firstAtMs: number;
  /** The reset that it has been emptied by. */
  resetAtMs: number | null;
}

export class PolicyReplay {
  readonly #policy: PolicyDefinition;
  readonly #epsilon: number;
  readonly #lambda: number;
  readonly #priorMean: readonly number[] | null;
  readonly #partsOf: ReplayOptions['partsOf'];
  readonly #users = new Map<string, UserMemory>();
  /** A reward model of all users together, for the doubly robust estimate: it too knows only what came before. */
  readonly #model: UserMemory;

  constructor({ policy, epsilon, lambda, priorMean, partsOf }: ReplayOptions) {
    this.#policy = policy;
    this.#epsilon = epsilon;
    this.#lambda = lambda;
    this.#priorMean = priorMean ?? null;
    this.#partsOf = partsOf;
    this.#model = { state: emptyState(policy.dimension), pending: new ExampleQueue(), firstAtMs: 0, resetAtMs: null };
  }

  next(decision: LoggedDecision): EvaluationRow | SetAside {
    const { requestedAtMs, chosenTipId, reward, resetAtMs, propensities: logged } = decision;
    const vectors = decision.vectorsUnder(this.#policy);
    if (vectors === undefined) return 'no vectors';
    const user = this.#memoryOf(decision.userId, requestedAtMs);
    if (resetAtMs !== user.resetAtMs) forget(user, resetAtMs);
    learnUntil(user, requestedAtMs);
    learnUntil(this.#model, requestedAtMs);
    const served = decision.servedTipId ?? chosenTipId;
    const x = vectors.get(served);
    const loggedPropensity = logged.get(served) ?? 0;

    // Whoever decided what was served: it is an example.
    if (reward !== null) {
      const learned = this.#partsOf === undefined ? x : decision.exampleFor(this.#partsOf(decision.userId), served);
      if (learned !== undefined) user.pending.add(exampleOf(decision, padded(learned, this.#policy.dimension), reward));
      if (x !== undefined) this.#model.pending.add(exampleOf(decision, x, reward));
    }
    if (served !== chosenTipId) return 'another tip was served';
    if (x === undefined || loggedPropensity === 0) return 'not in the ranking';

    const tipIds = [...vectors.keys()].sort(compareCodePoints);
    const known = posterior(user.state, this.#lambda, this.#priorMean);
    const scores = tipIds.map((tipId) => scoreOf(this.#policy, known, vectors.get(tipId)!));
    const { propensities } = epsilonGreedy(scores, this.#policy.fixedEpsilon ?? decision.epsilon ?? this.#epsilon);
    if (tipIds.some((tipId, i) => propensities[i]! > 0 && (logged.get(tipId) ?? 0) === 0)) return 'no exploration';
    return {
      decisionId: `${decision.userId} ${decision.decisionId}`,
      reward,
      loggedPropensity,
      newPropensity: propensities[tipIds.indexOf(served)]!,
      weights: possibleWeights(propensities, (i) => logged.get(tipIds[i]!) ?? 0),
      expected: this.#expected(
        tipIds,
        vectors,
        served,
        (i) => propensities[i]!,
        (i) => logged.get(tipIds[i]!) ?? 0,
      ),
      segments: decision.segments(user.firstAtMs),
    };
  }

  #expected(
    tipIds: readonly string[],
    vectors: ReadonlyMap<string, readonly number[]>,
    served: string,
    underNew: (i: number) => number,
    underLogged: (i: number) => number,
  ): ExpectedReward {
    const { theta } = posterior(this.#model.state, 1);
    const rewards = tipIds.map((tipId) => Math.min(1, Math.max(0, dot(theta, vectors.get(tipId)!))));
    const mean = (probability: (i: number) => number): number => rewards.reduce((sum, reward, i) => sum + probability(i) * reward, 0);
    return { served: rewards[tipIds.indexOf(served)]!, underNew: mean(underNew), underLogged: mean(underLogged) };
  }

  #memoryOf(userId: string, requestedAtMs: number): UserMemory {
    const known = this.#users.get(userId);
    if (known !== undefined) return known;
    const fresh: UserMemory = {
      state: emptyState(this.#policy.dimension),
      pending: new ExampleQueue(),
      firstAtMs: requestedAtMs,
      resetAtMs: null,
    };
    this.#users.set(userId, fresh);
    return fresh;
  }
}

/** What is never chosen under the new policy has no weight, whether or not it was logged. */
function possibleWeights(propensities: ArrayLike<number>, loggedOf: (i: number) => number): PossibleWeights {
  let [largest, squares] = [0, 0];
  for (let i = 0; i < propensities.length; i++) {
    const propensity = propensities[i]!;
    if (propensity === 0) continue;
    const weight = propensity / loggedOf(i);
    largest = Math.max(largest, weight);
    squares += propensity * weight;
  }
  return { largest, variance: Math.max(0, squares - 1) };
}

function exampleOf({ requestedAtMs, reactedAtMs }: LoggedDecision, x: Float64Array | readonly number[], reward: number): TrainingExample {
  return { knownFromMs: reactedAtMs ?? requestedAtMs + DEFAULT_REWARDS.windowMs, x, reward };
}

/** With zeros, as a migration carries over what a policy with a shorter vector has learned. */
function padded(x: Float64Array | readonly number[], dimension: number): Float64Array | readonly number[] {
  if (x.length === dimension) return x;
  const longer = new Float64Array(dimension);
  longer.set(x);
  return longer;
}

/** Decisions come in the order of their requests, so everything learned so far is from before the reset. */
function forget(user: UserMemory, resetAtMs: number | null): void {
  user.resetAtMs = resetAtMs;
  user.state = emptyState(user.state.b.length);
  user.pending = new ExampleQueue();
}

function learnUntil({ state, pending }: UserMemory, requestedAtMs: number): void {
  for (let example = pending.takeKnown(requestedAtMs); example !== undefined; example = pending.takeKnown(requestedAtMs))
    add(state, example.x, example.reward, 1);
}
