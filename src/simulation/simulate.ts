/**
 * Policies against each other in a world whose rewards are known. Every policy meets the same users, candidates and fates (common
 * random numbers), so that their difference is not drowned by chance; each learns for itself, user by user. Pure: the same request
 * gives the same answer, bit for bit.
 */
import { TipstreamError } from '../errors.js';
import { policyHash } from '../policies/policy-hash.js';
import { randomStream } from '../random.js';
import { decays } from '../policies/controls/control.js';
import { Agent } from './agent.js';
import type { Contestant, Exploration } from './contestant.js';
import { PARTS, UserEarnings } from './earnings.js';
import type { Person, Persona } from './persona.js';
import { personOf, type Population } from './population.js';
import { findings, ORACLE, type Findings } from './result.js';
import { daysOf, type SimulatedDecision, type Streams, type WorldOptions } from './world.js';

const DAY_MS = 86_400_000;
/** A Monday. */
const START_MS = 1_767_571_200_000;
const HISTORY_DAYS = 30;
/** Of one user, between two yields. */
const DECISIONS_AT_ONCE = 5_000;

export interface SimulationOptions {
  /** The first is what the others are compared with. */
  readonly policies: readonly Contestant[];
  readonly population: Population;
  readonly users: number;
  readonly days: number;
  /** How many decisions of each user are simulated; absent: all of these days. */
  readonly decisionsEach?: number | undefined;
  /** Whether users have a history where their persona has one; absent: they do. */
  readonly history?: boolean | undefined;
  /** Every user's taste, in place of the persona's. */
  readonly taste?: number | undefined;
  readonly candidates: number;
  /** As configured; contestants may differ. */
  readonly exploration: Exploration;
  readonly seed: number;
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
}

/**
 * Yields now and then, with how many users are done; the answer is the generator's return value. Throws invalid_argument when nobody
 * decided anything.
 */
export function* simulate(request: SimulationOptions): Generator<number, SimulationResult> {
  const { population, policies, exploration, seed } = request;
  const names = [...policies.map(({ name }) => name), ORACLE];
  const users: UserEarnings[] = [];
  for (const [index, persona] of population.cast(request.users, (user) => randomStream(seed, `traits ${user}`)).entries()) {
    users.push(yield* liveOneUser(request, persona, index, names));
    yield users.length;
  }
  if (users.every(({ decisions }) => decisions === 0))
    throw new TipstreamError('invalid_argument', `none of ${request.users} simulated users decided anything in ${request.days} days`, {
      hint: 'Simulate more users, more days, or personas with more decisions_per_day.',
    });
  return {
    seed,
    population: population.name,
    users: request.users,
    days: request.days,
    decisions_each: request.decisionsEach ?? null,
    history: request.history ?? true,
    taste: request.taste ?? null,
    candidates: request.candidates,
    epsilon: exploration.epsilon,
    epsilon_min: decays(exploration) ? (exploration.epsilonMin ?? 0) : null,
    epsilon_decay: decays(exploration) ? exploration.epsilonDecay! : null,
    policy_hashes: Object.fromEntries(policies.map(({ name, policy }) => [name, policyHash(policy)])),
    ...findings(users, names, population.kinds),
  };
}

function* liveOneUser(
  request: SimulationOptions,
  persona: Persona,
  user: number,
  names: readonly string[],
): Generator<number, UserEarnings> {
  const { policies, days, candidates, seed, decisionsEach = Infinity, taste = persona.taste, history = true } = request;
  const world: WorldOptions = { startMs: START_MS, durationMs: days * DAY_MS, candidates };
  const streams = (of: string): Streams => ({
    days: randomStream(seed, `${of} ${user}`),
    categories: randomStream(seed, `${of} categories ${user}`),
  });
  const person = personOf({ ...persona, taste }, randomStream(seed, `taste ${user}`));
  const agents = policies.map((contestant) => new Agent(contestant));
  const earned = new UserEarnings(persona.name, names);
  if (persona.history && history) giveHistory(person, world, agents, streams('history'));
  for (const decision of daysOf(person, world, streams('user'))) {
    if (earned.decisions >= decisionsEach) break;
    const decisionId = `${seed}-${user}-${earned.decisions}`;
    earned.begin(Math.min(PARTS - 1, Math.floor(((decision.requestedAtMs - START_MS) / world.durationMs) * PARTS)));
    const { chances, fates } = decision;
    const best = bestOf(decision);
    const take = (name: string, chosen: number): void =>
      earned.count(name, fates[chosen]! < chances[chosen]!, chances[chosen]!, chances[best]!);
    for (const [i, agent] of agents.entries()) take(names[i]!, agent.decide(decision, decisionId, person.dismisses));
    take(ORACLE, best);
    if (earned.decisions % DECISIONS_AT_ONCE === 0) yield user;
  }
  return earned;
}

/** Thirty days before the first decision in which anything was served: a profile, and no examples. */
function giveHistory(person: Person, world: WorldOptions, agents: readonly Agent[], streams: Streams): void {
  const before: WorldOptions = { ...world, startMs: world.startMs - HISTORY_DAYS * DAY_MS, durationMs: HISTORY_DAYS * DAY_MS };
  for (const decision of daysOf({ ...person, drift: undefined }, before, streams)) {
    const served = streams.days.integer(0, decision.candidates.length - 1);
    for (const agent of agents) agent.live(decision, served, person.dismisses);
  }
}

function bestOf({ chances }: SimulatedDecision): number {
  let best = 0;
  for (let i = 1; i < chances.length; i++) if (chances[i]! > chances[best]!) best = i;
  return best;
}
