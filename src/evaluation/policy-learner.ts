/**
 * What a policy would have known at each decision that another one made, had it been learning from them all along. Decisions come in the
 * order of their requests; an example is known from the time of its reaction on, so nobody is judged with what was learned afterwards.
 * Pure but for its own memory: a state a user.
 */
import { compareCodePoints } from '../events/strings.js';
import type { StatePart } from '../policies/controls/migration.js';
import { DEFAULT_REWARDS } from '../policies/controls/reward-rules.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { add, emptyState, type RidgeState } from '../policies/ridge.js';
import { ExampleQueue, type TrainingExample } from './example-queue.js';
import type { LoggedDecision } from './logged-decision.js';
import type { PossibleWeights } from './row.js';

/**
 * Why a decision says nothing about another policy. No exploration: the policy that decided would never have chosen something that the
 * other one may choose, so that its reward there is in no log of its kind.
 */
export type SetAside = 'another tip was served' | 'no vectors' | 'not in the ranking' | 'no exploration';

/** Whose decisions a user's state is made of; undefined: everybody's. */
export type PartsOf = ((userId: string) => readonly StatePart[]) | undefined;

export class Learner {
  #state: RidgeState;
  #pending = new ExampleQueue();

  constructor(dimension: number) {
    this.#state = emptyState(dimension);
  }

  /** What is known at that time, Unix ms. Changed in place later on. */
  at(requestedAtMs: number): RidgeState {
    const pending = this.#pending;
    for (let example = pending.takeKnown(requestedAtMs); example !== undefined; example = pending.takeKnown(requestedAtMs))
      add(this.#state, example.x, example.reward, 1);
    return this.#state;
  }

  take(example: TrainingExample): void {
    this.#pending.add(example);
  }

  /** Decisions come in the order of their requests, so everything learned so far is from before the reset. */
  forget(): void {
    this.#state = emptyState(this.#state.b.length);
    this.#pending = new ExampleQueue();
  }
}

/** A decision as the policy would have met it. */
export interface Met {
  /** Sorted by code point. */
  readonly tipIds: readonly string[];
  readonly vectors: ReadonlyMap<string, readonly number[]>;
  /** Of the user, without this decision; changed in place later on. */
  readonly state: RidgeState;
  /** Of all of the user's decisions, Unix ms. */
  readonly firstAtMs: number;
  readonly served: string;
  /** Of `served`, under the policy that decided. */
  readonly loggedPropensity: number;
  /** Why its reward shows nothing; null: it does. */
  readonly flaw: SetAside | null;
}

interface UserMemory {
  readonly learner: Learner;
  readonly firstAtMs: number;
  /** The reset that it has been emptied by. */
  resetAtMs: number | null;
}

export class PolicyLearner {
  readonly #policy: PolicyDefinition;
  readonly #partsOf: PartsOf;
  readonly #users = new Map<string, UserMemory>();

  constructor(policy: PolicyDefinition, partsOf: PartsOf) {
    this.#policy = policy;
    this.#partsOf = partsOf;
  }

  /** undefined: the record does not hold what vectors are made of. The decision is learned from once its reward is known. */
  next(decision: LoggedDecision): Met | undefined {
    const { userId, requestedAtMs, chosenTipId, reward, resetAtMs, propensities } = decision;
    const vectors = decision.vectorsUnder(this.#policy);
    if (vectors === undefined) return undefined;
    let user = this.#users.get(userId);
    if (user === undefined) {
      user = { learner: new Learner(this.#policy.dimension), firstAtMs: requestedAtMs, resetAtMs: null };
      this.#users.set(userId, user);
    }
    if (resetAtMs !== user.resetAtMs) {
      user.resetAtMs = resetAtMs;
      user.learner.forget();
    }
    const state = user.learner.at(requestedAtMs);
    const served = decision.servedTipId ?? chosenTipId;
    const x = vectors.get(served);
    // Whoever decided what was served: it is an example.
    if (reward !== null) {
      const learned = this.#partsOf === undefined ? x : decision.exampleFor(this.#partsOf(userId), served);
      if (learned !== undefined) user.learner.take(exampleOf(decision, padded(learned, this.#policy.dimension), reward));
    }
    const loggedPropensity = propensities.get(served) ?? 0;
    const flaw =
      served !== chosenTipId ? 'another tip was served' : x === undefined || loggedPropensity === 0 ? 'not in the ranking' : null;
    const tipIds = flaw === null ? [...vectors.keys()].sort(compareCodePoints) : [];
    return { tipIds, vectors, state, firstAtMs: user.firstAtMs, served, loggedPropensity, flaw };
  }
}

export function exampleOf(
  { requestedAtMs, reactedAtMs }: LoggedDecision,
  x: Float64Array | readonly number[],
  reward: number,
): TrainingExample {
  return { knownFromMs: reactedAtMs ?? requestedAtMs + DEFAULT_REWARDS.windowMs, x, reward };
}

/** With zeros, as a migration carries over what a policy with a shorter vector has learned. */
function padded(x: Float64Array | readonly number[], dimension: number): Float64Array | readonly number[] {
  if (x.length === dimension) return x;
  const longer = new Float64Array(dimension);
  longer.set(x);
  return longer;
}

/**
 * Of the weights that the decision's candidates have under new `propensities`, in the order of `tipIds`. undefined: it may choose what the
 * policy that decided never would.
 */
export function possibleWeights(
  propensities: ArrayLike<number>,
  tipIds: readonly string[],
  logged: ReadonlyMap<string, number>,
): PossibleWeights | undefined {
  let [largest, squares] = [0, 0];
  for (const [i, tipId] of tipIds.entries()) {
    const propensity = propensities[i]!;
    // What is never chosen has no weight, whether or not it was logged.
    if (propensity === 0) continue;
    const before = logged.get(tipId) ?? 0;
    if (before === 0) return undefined;
    const weight = propensity / before;
    largest = Math.max(largest, weight);
    squares += propensity * weight;
  }
  return { largest, variance: Math.max(0, squares - 1) };
}
