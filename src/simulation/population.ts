/**
 * Where simulated users come from. Each user's traits are drawn from a stream of the user's own, so they do not depend on how many others
 * there are.
 */
import type { Random } from '../random.js';
import { CATEGORIES, PERSONAS, type Person, type Persona, type Weights } from './persona.js';

export interface Population {
  /** `builtin`, `mixture`, or `file` for personas of a file. */
  readonly name: string;
  /** Names of personas that users can have. Intervals are about users of each, in the given numbers. */
  readonly kinds: readonly string[];
  /** The first `count` users; `streamOf` gives each the stream that its traits are drawn from. */
  cast(count: number, streamOf: (user: number) => Random): Persona[];
}

/** Users of the personas in proportion to their shares, so that every number of users has about the right mixture. */
export function populationOf(name: string, personas: readonly Persona[]): Population {
  const total = personas.reduce((sum, { share }) => sum + share, 0);
  return {
    name,
    kinds: personas.map((persona) => persona.name),
    cast(count) {
      const given = personas.map(() => 0);
      return Array.from({ length: count }, (_, i) => {
        let most = 0;
        const behind = (at: number) => (personas[at]!.share / total) * (i + 1) - given[at]!;
        for (let at = 1; at < personas.length; at++) if (behind(at) > behind(most)) most = at;
        given[most]!++;
        return personas[most]!;
      });
    },
  };
}

export const BUILTIN: Population = populationOf('builtin', PERSONAS);

/** Standard deviation of what is peculiar to a user in each weight and in the base, log-odds. */
const NOISE = 0.5;
/** Decisions a day: the median; its logarithm is normal with standard deviation 1. */
const DECISIONS_A_DAY = 5;
const MOST_DECISIONS_A_DAY = 200;
const DRIFTING_SHARE = 0.15;
const MIXED = 'mixture';

/**
 * Nobody is exactly one persona. Each user mixes the built-in ones by shares that are uniform over all mixtures, with noise on the base
 * and on every weight, hours of their own and a log-normal activity; 15 % change their weights for those of another mixture on the way.
 */
export const MIXTURE: Population = {
  name: MIXED,
  kinds: [MIXED],
  cast: (count, streamOf) => Array.from({ length: count }, (_, user) => mixedPersona(streamOf(user))),
};

function mixedPersona(random: Random): Persona {
  const mixed = mixtureOf(PERSONAS, random);
  const weights = mixedWeights(mixed, random);
  return {
    name: MIXED,
    share: 1,
    decisions_per_day: Math.min(MOST_DECISIONS_A_DAY, DECISIONS_A_DAY * Math.exp(random.normal())),
    base: mixed(({ base }) => base) + NOISE * random.normal(),
    weights,
    active_hour: random.integer(0, 23),
    active_sharpness: mixed(({ active_sharpness }) => active_sharpness),
    dismisses: mixed(({ dismisses }) => dismisses),
    dwell_ms: mixed(({ dwell_ms }) => dwell_ms),
    drift: random.chance(DRIFTING_SHARE) ? { from: random.next(), weights: mixedWeights(mixtureOf(PERSONAS, random), random) } : undefined,
    history: true,
    taste: 0,
  };
}

type Mixed = (traitOf: (persona: Persona) => number) => number;

/** Shares of Dirichlet's distribution with all parameters 1, by exponential variables over their sum. */
function mixtureOf(personas: readonly Persona[], random: Random): Mixed {
  const parts = personas.map(() => random.exponential(1));
  const total = parts.reduce((sum, part) => sum + part, 0);
  return (traitOf) => personas.reduce((sum, persona, i) => sum + (parts[i]! / total) * traitOf(persona), 0);
}

function mixedWeights(mixed: Mixed, random: Random): Weights {
  const weight = (name: keyof Weights) => mixed(({ weights }) => weights[name]) + NOISE * random.normal();
  return {
    is_overdue: weight('is_overdue'),
    task_age: weight('task_age'),
    priority: weight('priority'),
    preferred_hour: weight('preferred_hour'),
    weekend: weight('weekend'),
  };
}

/** The same users, who want the opposite in a candidate: what was learned of the others is wrong for them. */
export function opposite(population: Population): Population {
  return {
    ...population,
    name: `opposite ${population.name}`,
    cast: (count, streamOf) => population.cast(count, streamOf).map(oppositePersona),
  };
}

function oppositePersona(persona: Persona): Persona {
  const { weights, taste, drift } = persona;
  const turned = (of: Weights): Weights => ({ ...of, is_overdue: -of.is_overdue, task_age: -of.task_age, priority: -of.priority });
  return { ...persona, weights: turned(weights), taste: -taste, drift: drift && { ...drift, weights: turned(drift.weights) } };
}

/** A user of `persona` who prefers one of the categories. */
export function personOf(persona: Persona, random: Random): Person {
  return { ...persona, favourite: random.pick(CATEGORIES) };
}
