/**
 * Policies against each other in a world whose rewards are known. Every policy meets the same users, candidates and fates (common
 * random numbers), so that their difference is not drowned by chance; each learns for itself, user by user. Pure: the same request
 * gives the same answer, bit for bit.
 */
import { TipstreamError } from '../errors.js';
import { policyHash } from '../policies/policy-hash.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { randomStream, type Random } from '../random.js';
import { decays } from '../policies/controls/control.js';
import { Agent, type Exploration } from './agent.js';
import type { Curve } from './chart.js';
import type { Persona } from './persona.js';
import { ratio, type Mean, type UserPart } from './statistics.js';
import { daysOf, type SimulatedDecision, type WorldOptions } from './world.js';

const DAY_MS = 86_400_000;
/** A Monday. */
const START_MS = 1_767_571_200_000;
const HISTORY_DAYS = 30;
const CURVE_POINTS = 50;
/** Of one user, between two yields. */
const DECISIONS_AT_ONCE = 5_000;
/** The policy that knows the reward model. */
const ORACLE = 'oracle';

export interface SimulationOptions extends Exploration {
  readonly policies: readonly PolicyDefinition[];
  readonly personas: readonly Persona[];
  readonly users: number;
  readonly days: number;
  readonly candidates: number;
  readonly seed: number;
}

export interface PolicyResult {
  readonly policy: string;
  /** Dones per decision. */
  readonly reward: Mean;
  /** Chance of a done that was given away per decision, against the best candidate. */
  readonly regret: Mean;
}

export interface PersonaResult {
  readonly persona: string;
  readonly users: number;
  readonly decisions: number;
  readonly policies: readonly PolicyResult[];
}

export interface Comparison extends Mean {
  readonly policy: string;
  readonly against: string;
  /** 'all', or a persona. */
  readonly persona: string;
}

export interface SimulationResult {
  readonly seed: number;
  readonly users: number;
  readonly days: number;
  readonly candidates: number;
  readonly epsilon: number;
  /** null: epsilon does not decay. */
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
  readonly decisions: number;
  /** By name: what the policies were, so that a later definition is not taken for the one that was simulated. */
  readonly policy_hashes: Readonly<Record<string, string>>;
  readonly policies: readonly PolicyResult[];
  readonly personas: readonly PersonaResult[];
  /** Reward per decision of each policy less that of the first, on the same decisions. */
  readonly comparisons: readonly Comparison[];
  /** Chance of a done per decision by how far a user's time has come, in CURVE_POINTS parts; null where nobody decided anything. */
  readonly curves: readonly Curve[];
}

/** What one policy got of one user. */
interface Earned {
  reward: number;
  regret: number;
}

interface UserResult {
  readonly persona: string;
  decisions: number;
  readonly earned: ReadonlyMap<string, Earned>;
}

/**
 * Yields now and then, with how many users are done; the answer is the generator's return value. Throws invalid_argument when nobody
 * decided anything.
 */
export function* simulate(request: SimulationOptions): Generator<number, SimulationResult> {
  const names = [...request.policies.map(({ name }) => name), ORACLE];
  const curves = new Map(names.map((name) => [name, { sums: new Float64Array(CURVE_POINTS), counts: new Float64Array(CURVE_POINTS) }]));
  const users: UserResult[] = [];
  for (const [index, persona] of castOf(request).entries()) {
    const user = yield* liveOneUser(request, persona, index, names, (name, part, chance) => {
      const curve = curves.get(name)!;
      curve.sums[part]! += chance;
      curve.counts[part]!++;
    });
    users.push(user);
    yield users.length;
  }
  if (decisionsOf(users) === 0)
    throw new TipstreamError('invalid_argument', `none of ${request.users} simulated users decided anything in ${request.days} days`, {
      hint: 'Simulate more users, more days, or personas with more decisions_per_day.',
    });
  const personas = request.personas
    .map(({ name }) => ({ persona: name, of: users.filter((user) => user.persona === name) }))
    .filter(({ of }) => of.some(({ decisions }) => decisions > 0));
  const [first, ...others] = names;
  const compare = (persona: string, of: readonly UserResult[]): Comparison[] =>
    others.map((policy) => ({
      policy,
      against: first!,
      persona,
      ...ratio(
        partsOf(of, ({ earned }) => earned.get(policy)!.reward - earned.get(first!)!.reward),
        { min: -1, max: 1 },
      ),
    }));
  return {
    seed: request.seed,
    users: request.users,
    days: request.days,
    candidates: request.candidates,
    epsilon: request.epsilon,
    epsilon_min: decays(request) ? (request.epsilonMin ?? 0) : null,
    epsilon_decay: decays(request) ? request.epsilonDecay! : null,
    decisions: decisionsOf(users),
    policy_hashes: Object.fromEntries(request.policies.map((policy) => [policy.name, policyHash(policy)])),
    policies: resultsOf(users, names),
    personas: personas.map(({ persona, of }) => ({
      persona,
      users: of.length,
      decisions: decisionsOf(of),
      policies: resultsOf(of, names),
    })),
    comparisons: [...compare('all', users), ...personas.flatMap(({ persona, of }) => compare(persona, of))],
    curves: names.map((policy) => {
      const { sums, counts } = curves.get(policy)!;
      return { policy, points: Array.from(sums, (total, part) => (counts[part] === 0 ? null : total / counts[part]!)) };
    }),
  };
}

/** Personas in proportion to their shares, so that every number of users has about the right mixture. */
function castOf({ personas, users }: SimulationOptions): Persona[] {
  const total = personas.reduce((sum, { share }) => sum + share, 0);
  const given = personas.map(() => 0);
  return Array.from({ length: users }, (_, i) => {
    let most = 0;
    const behind = (at: number) => (personas[at]!.share / total) * (i + 1) - given[at]!;
    for (let at = 1; at < personas.length; at++) if (behind(at) > behind(most)) most = at;
    given[most]!++;
    return personas[most]!;
  });
}

function* liveOneUser(
  request: SimulationOptions,
  persona: Persona,
  user: number,
  names: readonly string[],
  onDecision: (policy: string, part: number, chance: number) => void,
): Generator<number, UserResult> {
  const { policies, days, candidates, seed } = request;
  const world: WorldOptions = { startMs: START_MS, durationMs: days * DAY_MS, candidates };
  const agents = policies.map((policy) => new Agent(policy, request));
  const result: UserResult = {
    persona: persona.name,
    decisions: 0,
    earned: new Map(names.map((name) => [name, { reward: 0, regret: 0 }])),
  };
  if (persona.history) giveHistory(persona, world, agents, randomStream(seed, `history ${user}`));
  for (const decision of daysOf(persona, world, randomStream(seed, `user ${user}`))) {
    const decisionId = `${seed}-${user}-${result.decisions++}`;
    const part = Math.min(CURVE_POINTS - 1, Math.floor(((decision.requestedAtMs - START_MS) / world.durationMs) * CURVE_POINTS));
    const best = bestOf(decision);
    const take = (name: string, chosen: number): void => {
      const earned = result.earned.get(name)!;
      if (decision.fates[chosen]! < decision.chances[chosen]!) earned.reward++;
      earned.regret += decision.chances[best]! - decision.chances[chosen]!;
      onDecision(name, part, decision.chances[chosen]!);
    };
    for (const [i, agent] of agents.entries()) take(names[i]!, agent.decide(decision, decisionId, persona.dismisses));
    take(ORACLE, best);
    if (result.decisions % DECISIONS_AT_ONCE === 0) yield user;
  }
  return result;
}

/** Thirty days before the first decision in which anything was served: a profile, and no examples. */
function giveHistory(persona: Persona, world: WorldOptions, agents: readonly Agent[], random: Random): void {
  const before: WorldOptions = { ...world, startMs: world.startMs - HISTORY_DAYS * DAY_MS, durationMs: HISTORY_DAYS * DAY_MS };
  for (const decision of daysOf({ ...persona, drift: undefined }, before, random)) {
    const served = random.integer(0, decision.candidates.length - 1);
    for (const agent of agents) agent.live(decision, served, persona.dismisses);
  }
}

function bestOf({ chances }: SimulatedDecision): number {
  let best = 0;
  for (let i = 1; i < chances.length; i++) if (chances[i]! > chances[best]!) best = i;
  return best;
}

function decisionsOf(users: readonly UserResult[]): number {
  return users.reduce((sum, { decisions }) => sum + decisions, 0);
}

function partsOf(users: readonly UserResult[], numerator: (user: UserResult) => number): UserPart[] {
  return users.map((user) => ({ numerator: numerator(user), denominator: user.decisions, kind: user.persona }));
}

function resultsOf(users: readonly UserResult[], names: readonly string[]): PolicyResult[] {
  const share = { min: 0, max: 1 };
  return names.map((policy) => ({
    policy,
    reward: ratio(
      partsOf(users, ({ earned }) => earned.get(policy)!.reward),
      share,
    ),
    regret: ratio(
      partsOf(users, ({ earned }) => earned.get(policy)!.regret),
      share,
    ),
  }));
}
