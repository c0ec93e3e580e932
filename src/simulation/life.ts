/** The days of a simulated user, whoever decides: traits, history and decisions, each from a stream of the user's own. */
import { randomStream } from '../random.js';
import type { Agent } from './agent.js';
import type { Person, Persona } from './persona.js';
import { personOf, type Population } from './population.js';
import { daysOf, type SimulatedDecision, type Streams, type WorldOptions } from './world.js';

const DAY_MS = 86_400_000;
/** A Monday. */
const START_MS = 1_767_571_200_000;
const HISTORY_DAYS = 30;

/** What the lives of a cohort have in common. */
export interface LifeOptions {
  readonly seed: number;
  readonly days: number;
  /** Of each decision. */
  readonly candidates: number;
  /** How many decisions of each user are simulated; absent: all of these days. */
  readonly decisionsEach?: number | undefined;
  /** Whether users have a history where their persona has one; absent: they do. */
  readonly history?: boolean | undefined;
  /** Every user's taste, in place of the persona's. */
  readonly taste?: number | undefined;
}

export interface LivedDecision {
  readonly decision: SimulatedDecision;
  readonly decisionId: string;
  /** Share of these days that has passed, below 1. */
  readonly passed: number;
}

/** Users who live in the same world. Another name is other users. */
export class Cohort {
  readonly #name: string;
  readonly #options: LifeOptions;

  /** `name`: empty, or a word that its streams begin with. */
  constructor(name: '' | 'prior', options: LifeOptions) {
    this.#name = name === '' ? '' : `${name} `;
    this.#options = options;
  }

  /** The first `count` of the population. */
  castOf(population: Population, count: number): Persona[] {
    return population.cast(count, (user) => this.#stream('traits', user)).map((persona) => ({ ...persona, ...this.#changes(persona) }));
  }

  /** The decisions of one user, with the history that `agents` share before. */
  *livesOf(persona: Persona, user: number, agents: readonly Agent[]): Generator<LivedDecision> {
    const { seed, days, candidates, decisionsEach = Infinity } = this.#options;
    const world: WorldOptions = { startMs: START_MS, durationMs: days * DAY_MS, candidates };
    const person = personOf(persona, this.#stream('taste', user));
    if (person.history) giveHistory(person, world, agents, this.#streams('history', user));
    let decided = 0;
    for (const decision of daysOf(person, world, this.#streams('user', user))) {
      if (decided >= decisionsEach) return;
      const passed = (decision.requestedAtMs - START_MS) / world.durationMs;
      yield { decision, decisionId: `${this.#name}${seed}-${user}-${decided++}`, passed };
    }
  }

  #changes({ history, taste }: Persona): Pick<Persona, 'history' | 'taste'> {
    return { history: history && (this.#options.history ?? true), taste: this.#options.taste ?? taste };
  }

  #streams(of: string, user: number): Streams {
    return { days: this.#stream(of, user), categories: this.#stream(`${of} categories`, user) };
  }

  #stream(of: string, user: number) {
    return randomStream(this.#options.seed, `${this.#name}${of} ${user}`);
  }
}

/** Thirty days before the first decision in which anything was served: a profile, and no examples. */
function giveHistory(person: Person, world: WorldOptions, agents: readonly Agent[], streams: Streams): void {
  const before: WorldOptions = { ...world, startMs: world.startMs - HISTORY_DAYS * DAY_MS, durationMs: HISTORY_DAYS * DAY_MS };
  for (const decision of daysOf({ ...person, drift: undefined }, before, streams)) {
    const served = streams.days.integer(0, decision.candidates.length - 1);
    for (const agent of agents) agent.live(decision, served, person.dismisses);
  }
}
