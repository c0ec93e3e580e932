/**
 * Pooled priors in a simulation: a first cohort of users, none of whom is tested, is decided by one policy, and each policy's prior is
 * fitted on what came of it, as `policies prior` does from a log. A policy that did not decide sees the decisions as they were recorded.
 */
import { egreedyV1 } from '../policies/egreedy-v1.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { fitPrior, type PriorFit } from '../policies/prior/fit.js';
import { add, emptyState } from '../policies/ridge.js';
import { Agent } from './agent.js';
import type { Exploration } from './contestant.js';
import { Cohort, type LifeOptions } from './life.js';
import type { Population } from './population.js';

export interface PriorOptions {
  /** Of the first cohort. */
  readonly users: number;
  readonly lambda: number;
  /** Where the first cohort comes from; absent: from where the tested users do. */
  readonly population?: Population | undefined;
}

/** Of each user of the first cohort: later ones say little more of what users begin with. */
export const PRIOR_DECISIONS = 100;
/** How long the first cohort lives. */
const PRIOR_DAYS = 60;
/** Decides for the first cohort. */
export const PRIOR_POLICY = egreedyV1;

/**
 * Policy -> its prior. Yields after each user of the first cohort how many there are. Throws invalid_argument when they are too few, or
 * have too few rewards, to fit a prior on.
 */
export function* learnPriors(
  policies: readonly PolicyDefinition[],
  { users, lambda, population }: PriorOptions & { readonly population: Population },
  life: LifeOptions & { readonly exploration: Exploration },
): Generator<number, Map<PolicyDefinition, PriorFit>> {
  const cohort = new Cohort('prior', { ...life, days: PRIOR_DAYS, decisionsEach: PRIOR_DECISIONS });
  const sums = new Map(policies.map((policy) => [policy, [] as Lessons[]]));
  for (const [user, persona] of cohort.castOf(population, users).entries()) {
    const agent = new Agent({ name: PRIOR_POLICY.name, policy: PRIOR_POLICY, exploration: { epsilon: life.exploration.epsilon } });
    const lessons = policies.map((policy) => new Lessons(String(user), policy));
    for (const { decision, decisionId } of cohort.livesOf(persona, user, [agent])) {
      const { chosen, vector, profile, reward } = agent.decide(decision, decisionId, persona.dismisses);
      if (reward === null) continue;
      for (const each of lessons) each.add(vector, profile, decision.candidates[chosen]!.category, reward);
    }
    for (const each of lessons) sums.get(each.policy)!.push(each);
    yield user + 1;
  }
  const fits = new Map<PolicyDefinition, PriorFit>();
  for (const [policy, ofUsers] of sums) {
    const steps = fitPrior(ofUsers, lambda);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield users;
    fits.set(policy, step.value);
  }
  return fits;
}

/** What was learned, for worlds whose first cohort is the same and whose tested users are not. */
export class LearnedPriors {
  readonly #fits = new Map<Population, Map<string, Map<PolicyDefinition, PriorFit>>>();

  /** As learnPriors; what it has answered to the same question is answered again. */
  *learn(...question: Parameters<typeof learnPriors>): ReturnType<typeof learnPriors> {
    const [policies, { users, lambda, population }, { seed, candidates, history, taste, exploration }] = question;
    const key = JSON.stringify([policies.map(({ name }) => name), users, lambda, seed, candidates, history, taste, exploration.epsilon]);
    const known = this.#fits.get(population) ?? new Map<string, Map<PolicyDefinition, PriorFit>>();
    this.#fits.set(population, known);
    const fits = known.get(key) ?? (yield* learnPriors(...question));
    known.set(key, fits);
    return fits;
  }
}

/** What one user of the first cohort says for one policy. */
class Lessons {
  readonly userId: string;
  readonly policy: PolicyDefinition;
  readonly state;
  squares = 0;

  constructor(userId: string, policy: PolicyDefinition) {
    this.userId = userId;
    this.policy = policy;
    this.state = emptyState(policy.dimension);
  }

  add(...[seven, profile, category, reward]: [...Parameters<PolicyDefinition['fromRecorded']>, number]): void {
    add(this.state, this.policy.fromRecorded(seven, profile, category), reward, 1);
    this.squares += reward ** 2;
  }
}
