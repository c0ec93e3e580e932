/**
 * Worlds in which priors are tried, with what is expected of each: what policies cost users of whom nothing is known, and what a prior
 * costs those whom it is wrong for. `npm run study:priors` runs them all, a test those that are quick.
 */
import { policyNamed } from '../policies/registry.js';
import type { Contestant } from './contestant.js';
import { PERSONAS } from './persona.js';
import { BUILTIN, MIXTURE, opposite, populationOf, type Population } from './population.js';
import type { LearnedPriors } from './prior.js';
import type { Stretch } from './result.js';
import { simulate, type SimulationOptions, type SimulationResult } from './simulate.js';
import { relativeChange, type RelativeChange } from './statistics.js';

/** Which of a user's decisions a number is about. */
export type Part = (typeof PARTS)[number];
export const PARTS = ['first_20', 'after_40', 'all'] as const;

/** Of one policy's regret, as a share of the first policy's. */
export interface Expectation {
  readonly policy: string;
  readonly part: Part;
  readonly meanAtMost?: number;
  /** The upper end of the interval. */
  readonly highAtMost?: number;
}

export interface PriorWorld {
  readonly name: string;
  readonly population: Population;
  /** Where the users come from whom the prior is fitted on; absent: from the same. */
  readonly priorFrom?: Population;
  /** Of each cohort. */
  readonly users: number;
  /** Absent: all of 60 days. */
  readonly decisionsEach?: number;
  readonly taste?: number;
  readonly policies: readonly Contestant[];
  readonly expected: readonly Expectation[];
}

export interface StudyOptions {
  readonly seed: number;
  /** So many priors, each fitted on other users and tried on users of its own: a prior is as much left to chance as who meets it. */
  readonly cohorts: number;
  /** Of other worlds, some of which fit their priors on the same users. */
  readonly learned?: LearnedPriors | undefined;
}

/** A policy's regret in one part, and as a share of the first policy's; intervals have the cohort as the unit. */
export interface StudyRow {
  readonly policy: string;
  readonly part: Part;
  readonly regret: number;
  readonly change: RelativeChange;
}

export interface StudyResult {
  readonly users: number;
  readonly decisions: number;
  readonly rows: readonly StudyRow[];
}

const CONSTANT = { epsilon: 0.1 };
const DECAYING = { epsilon: 0.1, epsilonMin: 0.02, epsilonDecay: 5 };
export const PRIOR = { users: 150, lambda: 10 };
/** What a decision and a user's state may cost. */
export const COST = { policy: 'egreedy-v3', against: 'egreedy-v1', cpuAtMost: 2, bytesAtMost: 1_600 } as const;
const CANDIDATES = 8;
const DAYS = 60;

const plain = (name: string): Contestant => ({ name, policy: policyNamed(name), exploration: CONSTANT });
const prior = (name: string): Contestant => ({ ...plain(name), name: `${name}+prior`, prior: true });
const decay = (contestant: Contestant): Contestant => ({ ...contestant, name: `${contestant.name}+decay`, exploration: DECAYING });

const v1 = plain('egreedy-v1');
const [v1Prior, v3Prior] = [prior('egreedy-v1'), prior('egreedy-v3')];
/** Newcomers, as long as they are new. */
const NEW = { users: 68, decisionsEach: 20, policies: [v1, plain('egreedy-v3'), v1Prior, v3Prior] };
/** Newcomers who become known. */
const LONG = { users: 36, policies: [v1, v1Prior, v3Prior, decay(v1), decay(v1Prior), decay(v3Prior)] };
const WRONG = { users: 36, policies: [v1, v1Prior, v3Prior] };

const first = (meanAtMost: number): Expectation => ({ policy: v3Prior.name, part: 'first_20', meanAtMost });
const later = (meanAtMost: number): Expectation => ({ policy: v3Prior.name, part: 'all', meanAtMost, highAtMost: 0 });
const explored: Expectation = { policy: decay(v3Prior).name, part: 'all', meanAtMost: -0.3 };
const unlearned: Expectation = { policy: v3Prior.name, part: 'after_40', meanAtMost: 0.25 };

export const PRIOR_WORLDS: readonly PriorWorld[] = [
  { name: 'built-in, first 20', population: BUILTIN, ...NEW, expected: [first(-0.4)] },
  { name: 'built-in, 60 days', population: BUILTIN, ...LONG, expected: [later(-0.15), explored] },
  { name: 'mixture, first 20', population: MIXTURE, ...NEW, expected: [first(-0.3)] },
  { name: 'mixture, 60 days', population: MIXTURE, ...LONG, expected: [later(0), explored] },
  {
    name: 'contrarians, first 20',
    population: populationOf('contrarian', [PERSONAS.find(({ name }) => name === 'contrarian')!]),
    priorFrom: BUILTIN,
    ...NEW,
    expected: [{ policy: v3Prior.name, part: 'first_20', highAtMost: 0.15 }],
  },
  { name: 'built-in, wrong prior', population: opposite(BUILTIN), priorFrom: BUILTIN, ...WRONG, expected: [unlearned] },
  { name: 'mixture, wrong prior', population: opposite(MIXTURE), priorFrom: MIXTURE, ...WRONG, users: 72, expected: [unlearned] },
  {
    name: 'built-in with tastes, 60 days',
    population: BUILTIN,
    users: 18,
    taste: 1,
    policies: [v1, v3Prior, prior('egreedy-v4')],
    expected: [{ policy: 'egreedy-v4+prior', part: 'all', meanAtMost: -0.15, highAtMost: 0 }],
  },
];

/** Yields now and then. */
export function* study(world: PriorWorld, { seed, cohorts, learned }: StudyOptions): Generator<void, StudyResult> {
  const results: SimulationResult[] = [];
  for (let cohort = 0; cohort < cohorts; cohort++) {
    const steps = simulate({ ...worldOptions(world, seed * cohorts + cohort), learned });
    let step = steps.next();
    for (; step.done !== true; step = steps.next()) yield;
    results.push(step.value);
  }
  return {
    users: world.users * cohorts,
    decisions: results.reduce((sum, { decisions }) => sum + decisions, 0),
    rows: PARTS.flatMap((part) => rowsOf(world, part, results)),
  };
}

/** Expectations that are not met. */
export function missed({ expected }: PriorWorld, { rows }: StudyResult): Expectation[] {
  return expected.filter(({ policy, part, meanAtMost = Infinity, highAtMost = Infinity }) => {
    const { mean = null, high = null } = rows.find((one) => one.policy === policy && one.part === part)?.change ?? {};
    return mean === null || high === null || mean > meanAtMost || high > highAtMost;
  });
}

/** Nobody has a history. */
function worldOptions({ population, priorFrom, users, decisionsEach, taste, policies }: PriorWorld, seed: number): SimulationOptions {
  return {
    policies,
    population,
    users,
    days: DAYS,
    decisionsEach,
    history: false,
    taste,
    candidates: CANDIDATES,
    exploration: CONSTANT,
    prior: { ...PRIOR, population: priorFrom },
    seed,
  };
}

function rowsOf({ policies }: PriorWorld, part: Part, results: readonly SimulationResult[]): StudyRow[] {
  const stretches = results.flatMap((result) => (part === 'all' ? result : result[part]) ?? []);
  if (stretches.length === 0) return [];
  const sumIn = ({ decisions, policies: of }: Stretch, policy: string) => decisions * of.find((one) => one.policy === policy)!.regret.mean;
  const decisions = stretches.reduce((sum, stretch) => sum + stretch.decisions, 0);
  return policies.map(({ name }) => ({
    policy: name,
    part,
    regret: stretches.reduce((sum, stretch) => sum + sumIn(stretch, name), 0) / decisions,
    change: relativeChange(
      stretches.map((stretch) => ({ kind: 'cohort', numerator: sumIn(stretch, name), denominator: sumIn(stretch, policies[0]!.name) })),
    ),
  }));
}
