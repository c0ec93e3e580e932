/** What a simulation found, from what each policy got of each user. Every interval is 95% over users. */
import type { Curve } from './chart.js';
import { AFTER_40, FIRST_20, PARTS, stageBounds, STAGES, type UserEarnings } from './earnings.js';
import { ratio, relativeChange, type Mean, type RelativeChange, type UserPart } from './statistics.js';

/** The policy that knows the reward model. */
export const ORACLE = 'oracle';

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

interface Compared {
  readonly policy: string;
  readonly against: string;
  /** 'all', or a persona. */
  readonly persona: string;
}

export interface Comparison extends Compared, Mean {}

/** A policy's regret relative to another's on the same decisions: -0.4 is 40 % less. Nulls where users are too few to tell. */
export interface RegretChange extends Compared, RelativeChange {}

/** A stretch of every user's decisions. */
export interface Stretch {
  readonly decisions: number;
  readonly policies: readonly PolicyResult[];
  readonly comparisons: readonly Comparison[];
  readonly regret_changes: readonly RegretChange[];
}

export interface Stage extends Stretch {
  /** Numbers of a user's decisions, from 1; the last stage has no end. */
  readonly from_decision: number;
  readonly to_decision: number | null;
  /** Those who came so far. */
  readonly users: number;
}

/** A curve with an interval at each point; null where nobody decided anything. */
export interface CurveWithBand extends Curve {
  readonly low: readonly (number | null)[];
  readonly high: readonly (number | null)[];
}

export interface Findings extends Stretch {
  readonly personas: readonly PersonaResult[];
  /** Of every user's first 20 decisions. */
  readonly first_20: Stretch;
  /** Of every decision after a user's first 40; null: nobody made one. */
  readonly after_40: Stretch | null;
  /** The same for shorter stretches, without personas. */
  readonly stages: readonly Stage[];
  /** Chance of a done per decision by how far a user's time has come, in equal parts; null where nobody decided anything. */
  readonly curves: readonly CurveWithBand[];
  /** Regret per decision in the same parts. */
  readonly regret_curves: readonly CurveWithBand[];
}

type Users = readonly UserEarnings[];
/** Stages from `from` on, up to and without `to`. */
interface Stages {
  readonly from: number;
  readonly to: number;
}

const SHARE = { min: 0, max: 1 };
const WHOLE: Stages = { from: 0, to: STAGES };

/** `names`: of the policies, the first of which the others are compared with; `kinds`: personas in the order in which they are shown. */
export function findings(users: Users, names: readonly string[], kinds: readonly string[]): Findings {
  const decided = users.filter(({ decisions }) => decisions > 0);
  const groups = kinds
    .map((kind) => ({ persona: kind, of: decided.filter(({ persona }) => persona === kind) }))
    .filter(({ of }) => of.length > 0);
  const all = { persona: 'all', of: decided };
  return {
    ...stretch([all, ...groups], names, WHOLE),
    personas: groups.map(({ persona, of }) => ({
      persona,
      users: users.filter((user) => user.persona === persona).length,
      decisions: decisionsIn(of, WHOLE),
      policies: resultsOf(of, names, WHOLE),
    })),
    first_20: stretch([all, ...groups], names, FIRST_20),
    after_40: stretchOf(AFTER_40, groups, names),
    stages: stagesOf(decided, names),
    curves: names.map((policy) => curveOf(decided, policy, 'chanceByPart')),
    regret_curves: names.map((policy) => curveOf(decided, policy, 'regretByPart')),
  };
}

interface Group {
  readonly persona: string;
  readonly of: Users;
}

/** `groups`: the first holds everybody. */
function stretch(groups: readonly Group[], names: readonly string[], stages: Stages): Stretch {
  const [first, ...others] = names;
  const pairs = groups.flatMap((group) => others.map((policy) => ({ ...group, policy, against: first! })));
  return {
    decisions: decisionsIn(groups[0]!.of, stages),
    policies: resultsOf(groups[0]!.of, names, stages),
    comparisons: pairs.map(({ persona, of, policy, against }) => ({
      policy,
      against,
      persona,
      ...ratio(
        partsOf(of, stages, (user) => rewardIn(user, policy, stages) - rewardIn(user, against, stages)),
        { min: -1, max: 1 },
      ),
    })),
    regret_changes: pairs.map(({ persona, of, policy, against }) => ({
      policy,
      against,
      persona,
      ...relativeChange(
        of.map((user) => ({
          kind: user.persona,
          numerator: regretIn(user, policy, stages),
          denominator: regretIn(user, against, stages),
        })),
      ),
    })),
  };
}

/** Of those who came so far. */
function stretchOf(stages: Stages, groups: readonly Group[], names: readonly string[]): Stretch | null {
  const there = groups
    .map(({ persona, of }) => ({ persona, of: of.filter((user) => sumOver(user.decisionsByStage, stages) > 0) }))
    .filter(({ of }) => of.length > 0);
  return there.length === 0 ? null : stretch([{ persona: 'all', of: there.flatMap(({ of }) => of) }, ...there], names, stages);
}

/** Each with those who came so far. */
function stagesOf(users: Users, names: readonly string[]): Stage[] {
  return Array.from({ length: STAGES }, (_, stage) => stage).flatMap((stage) => {
    const of = users.filter(({ decisionsByStage }) => decisionsByStage[stage]! > 0);
    if (of.length === 0) return [];
    const { from, to } = stageBounds(stage);
    const { decisions, ...found } = stretch([{ persona: 'all', of }], names, { from: stage, to: stage + 1 });
    return [{ from_decision: from, to_decision: to, users: of.length, decisions, ...found }];
  });
}

function resultsOf(users: Users, names: readonly string[], stages: Stages): PolicyResult[] {
  return names.map((policy) => ({
    policy,
    reward: ratio(
      partsOf(users, stages, (user) => rewardIn(user, policy, stages)),
      SHARE,
    ),
    regret: ratio(
      partsOf(users, stages, (user) => regretIn(user, policy, stages)),
      SHARE,
    ),
  }));
}

function curveOf(users: Users, policy: string, sums: 'chanceByPart' | 'regretByPart'): CurveWithBand {
  const means = Array.from({ length: PARTS }, (_, part) => {
    const of = users.filter(({ decisionsByPart }) => decisionsByPart[part]! > 0);
    if (of.length === 0) return null;
    return ratio(
      of.map((user) => ({ numerator: user.of(policy)[sums][part]!, denominator: user.decisionsByPart[part]!, kind: user.persona })),
      SHARE,
    );
  });
  const each = (value: (mean: Mean) => number) => means.map((mean) => (mean === null ? null : value(mean)));
  return { policy, points: each(({ mean }) => mean), low: each(({ low }) => low), high: each(({ high }) => high) };
}

function partsOf(users: Users, stages: Stages, numerator: (user: UserEarnings) => number): UserPart[] {
  return users.map((user) => ({
    numerator: numerator(user),
    denominator: sumOver(user.decisionsByStage, stages),
    kind: user.persona,
  }));
}

const rewardIn = (user: UserEarnings, policy: string, stages: Stages): number => sumOver(user.of(policy).rewardByStage, stages);
const regretIn = (user: UserEarnings, policy: string, stages: Stages): number => sumOver(user.of(policy).regretByStage, stages);

function decisionsIn(users: Users, stages: Stages): number {
  return users.reduce((sum, user) => sum + sumOver(user.decisionsByStage, stages), 0);
}

function sumOver(values: Float64Array, { from, to }: Stages): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]!;
  return sum;
}
