/**
 * Policies against each other in a world whose rewards are known. Every policy meets the same users, candidates and fates (common
 * random numbers), so that their difference is not drowned by chance; each learns for itself, user by user, from nothing or from a
 * prior. Pure: the same request gives the same answer, bit for bit.
 */
import { TipstreamError } from '../errors.js';
import { policyHash } from '../policies/policy-hash.js';
import type { PolicyDefinition, PooledPrior } from '../policies/policy.js';
import type { PriorFit } from '../policies/prior/fit.js';
import { decays } from '../policies/controls/control.js';
import { Agent } from './agent.js';
import type { Contestant, Exploration } from './contestant.js';
import { PARTS, UserEarnings } from './earnings.js';
import { Cohort, type LifeOptions } from './life.js';
import type { Persona } from './persona.js';
import type { Population } from './population.js';
import { LearnedPriors, PRIOR_DECISIONS, PRIOR_POLICY, type PriorOptions } from './prior.js';
import { findings, ORACLE, type Findings } from './result.js';
import type { SimulatedDecision } from './world.js';

/** Of one user, between two yields. */
const DECISIONS_AT_ONCE = 5_000;
/** Stands where a prior of a log has the id of the event that set it. */
const PRIOR_CONTROL = 'simulated';

export interface SimulationOptions extends LifeOptions {
  /** The first is what the others are compared with. */
  readonly policies: readonly Contestant[];
  readonly population: Population;
  readonly users: number;
  /** As configured; contestants may differ. */
  readonly exploration: Exploration;
  /** Where contestants begin with a prior: how it is fitted. */
  readonly prior?: PriorOptions | undefined;
  /** Priors of earlier simulations. */
  readonly learned?: LearnedPriors | undefined;
}

/** What a policy took part with. */
export interface ContestantDocument {
  readonly name: string;
  readonly policy: string;
  readonly prior: boolean;
  readonly lambda: number;
  readonly epsilon: number;
  /** null: epsilon does not decay. */
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
}

export interface PriorDocument {
  readonly users: number;
  readonly population: string;
  /** Of each user, at most. */
  readonly decisions_each: number;
  readonly decided_by: string;
  readonly lambda: number;
  readonly fits: readonly PriorFitDocument[];
}

export interface PriorFitDocument {
  readonly policy: string;
  /** With a reward. */
  readonly users: number;
  readonly rewards: number;
  readonly feature_names: readonly string[];
  readonly theta: readonly number[];
  readonly standard_errors: readonly number[];
  /** Entries of which these users tell nothing: theta is 0 there. */
  readonly undetermined: readonly string[];
  /** What these users say lambda is; null: they do not. */
  readonly estimated_lambda: number | null;
  /** Standard deviation of a reward around what theta explains. */
  readonly noise: number;
}

export interface SimulationResult extends Findings {
  readonly seed: number;
  readonly population: string;
  readonly users: number;
  readonly days: number;
  /** null: as many as a user makes. */
  readonly decisions_each: number | null;
  /** false: nobody has a profile before the first decision. */
  readonly history: boolean;
  /** null: as the personas say. */
  readonly taste: number | null;
  readonly candidates: number;
  readonly epsilon: number;
  /** null: epsilon does not decay. */
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
  /** By name: what the policies were, so that a later definition is not taken for the one that was simulated. */
  readonly policy_hashes: Readonly<Record<string, string>>;
  readonly contestants: readonly ContestantDocument[];
  /** null: nobody begins with one. */
  readonly prior: PriorDocument | null;
}

export interface SimulationProgress {
  readonly done: number;
  readonly of: number;
  readonly users: 'users' | 'users for the prior';
}

/**
 * Yields now and then how far it is; the answer is the generator's return value. Throws invalid_argument when nobody decided anything, or
 * when the users of the prior say too little.
 */
export function* simulate(request: SimulationOptions): Generator<SimulationProgress, SimulationResult> {
  const { population, policies, users, exploration, seed } = request;
  const names = [...policies.map(({ name }) => name), ORACLE];
  const priors = yield* priorsFor(request);
  const priorOf = ({ policy, prior }: Contestant): PooledPrior | null =>
    prior === true ? { controlId: PRIOR_CONTROL, lambda: request.prior!.lambda, theta: priors.get(policy)!.theta } : null;
  const cohort = new Cohort('', request);
  const earnings: UserEarnings[] = [];
  for (const [user, persona] of cohort.castOf(population, users).entries()) {
    const agents = policies.map((contestant) => new Agent(contestant, priorOf(contestant)));
    const steps = liveOneUser(cohort, persona, user, agents, names);
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield { done: user, of: users, users: 'users' };
    earnings.push(step.value);
    yield { done: user + 1, of: users, users: 'users' };
  }
  if (earnings.every(({ decisions }) => decisions === 0))
    throw new TipstreamError('invalid_argument', `none of ${users} simulated users decided anything in ${request.days} days`, {
      hint: 'Simulate more users, more days, or personas with more decisions_per_day.',
    });
  return {
    seed,
    population: population.name,
    users,
    days: request.days,
    decisions_each: request.decisionsEach ?? null,
    history: request.history ?? true,
    taste: request.taste ?? null,
    candidates: request.candidates,
    ...explorationDocument(exploration),
    policy_hashes: Object.fromEntries(policies.map(({ name, policy }) => [name, policyHash(policy)])),
    contestants: policies.map((contestant) => ({
      name: contestant.name,
      policy: contestant.policy.name,
      prior: contestant.prior ?? false,
      lambda: priorOf(contestant)?.lambda ?? contestant.policy.hyperparameters.lambda,
      ...explorationDocument(contestant.exploration),
    })),
    prior: priors.size === 0 ? null : priorDocument(request, priors),
    ...findings(earnings, names, population.kinds),
  };
}

function* priorsFor(request: SimulationOptions): Generator<SimulationProgress, ReadonlyMap<PolicyDefinition, PriorFit>> {
  const policies = [...new Set(request.policies.flatMap(({ policy, prior }) => (prior === true ? [policy] : [])))];
  const { prior, learned = new LearnedPriors() } = request;
  if (policies.length === 0) return new Map();
  if (prior === undefined) throw new TipstreamError('internal', 'a policy begins with a prior, and nothing says how it is fitted');
  const steps = learned.learn(policies, { ...prior, population: prior.population ?? request.population }, request);
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) yield { done: step.value, of: prior.users, users: 'users for the prior' };
  return step.value;
}

function* liveOneUser(
  cohort: Cohort,
  persona: Persona,
  user: number,
  agents: readonly Agent[],
  names: readonly string[],
): Generator<void, UserEarnings> {
  const earned = new UserEarnings(persona.name, names);
  for (const { decision, decisionId, passed } of cohort.livesOf(persona, user, agents)) {
    earned.begin(Math.floor(passed * PARTS));
    const { chances, fates } = decision;
    const best = bestOf(decision);
    const take = (name: string, chosen: number): void =>
      earned.count(name, fates[chosen]! < chances[chosen]!, chances[chosen]!, chances[best]!);
    for (const [i, agent] of agents.entries()) take(names[i]!, agent.decide(decision, decisionId, persona.dismisses).chosen);
    take(ORACLE, best);
    if (earned.decisions % DECISIONS_AT_ONCE === 0) yield;
  }
  return earned;
}

function bestOf({ chances }: SimulatedDecision): number {
  let best = 0;
  for (let i = 1; i < chances.length; i++) if (chances[i]! > chances[best]!) best = i;
  return best;
}

function explorationDocument(exploration: Exploration): Pick<ContestantDocument, 'epsilon' | 'epsilon_min' | 'epsilon_decay'> {
  const { epsilon, epsilonMin = 0, epsilonDecay } = exploration;
  return decays(exploration)
    ? { epsilon, epsilon_min: epsilonMin, epsilon_decay: epsilonDecay! }
    : { epsilon, epsilon_min: null, epsilon_decay: null };
}

function priorDocument({ prior, population }: SimulationOptions, priors: ReadonlyMap<PolicyDefinition, PriorFit>): PriorDocument {
  return {
    users: prior!.users,
    population: (prior!.population ?? population).name,
    decisions_each: PRIOR_DECISIONS,
    decided_by: PRIOR_POLICY.name,
    lambda: prior!.lambda,
    fits: Array.from(priors, ([policy, fit]) => ({
      policy: policy.name,
      users: fit.users,
      rewards: fit.rewards,
      feature_names: policy.featureNames,
      theta: fit.theta,
      standard_errors: fit.standardErrors,
      undetermined: fit.undetermined.map((entry) => policy.featureNames[entry]!),
      estimated_lambda: fit.estimatedLambda,
      noise: fit.noise,
    })),
  };
}
