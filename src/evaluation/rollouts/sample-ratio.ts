/**
 * Whether the arms are what chance made of them. A policy that loses users, or brings them more often, changes who is compared; then
 * "reward per decision" is not all there is to say. And a placement that the log contradicts is a fault, which is no matter of chance.
 */
import { logBeta } from '../beta.js';
import { armsOf, type ArmSums, type Feature, type RelabelledSums } from './arm-sums.js';
import { allowedOf, isOut, NO_LOOKS, takeOut, type Paths } from './paths.js';
import type { Population } from './population.js';
import { CONTROL, TREATED, treatedShare } from './split.js';
import { harms } from './statistic.js';
import { ROLLOUT_THRESHOLDS } from './thresholds.js';
import { userPieces } from './user-pieces.js';

export interface SampleRatio {
  /** Decisions that the placement gives to one arm and the log to the other. */
  readonly misplaced: number;
  /** Users with a decision before: who of them came back. */
  readonly returned: { readonly treated: Share; readonly control: Share; readonly differ: boolean };
  /** Users with a decision after the start; what chance alone would place in the treated arm, 0 to 1. */
  readonly arrived: { readonly treated: number; readonly control: number; readonly expectedShare: number; readonly differ: boolean };
  /** Mean decisions after the start, of users with a decision before or after. */
  readonly decisionsPerUser: { readonly treated: number; readonly control: number; readonly differ: boolean };
}

interface Share {
  readonly users: number;
  readonly of: number;
}

/** What one look leaves for the next. JSON as it is. */
export interface SampleRatioPaths {
  readonly returned: Paths;
  readonly decisions: Paths;
  /** Whether the counts have ever differed. */
  readonly arrived: boolean;
}

export const NO_SAMPLE_LOOKS: SampleRatioPaths = { returned: NO_LOOKS, decisions: NO_LOOKS, arrived: false };

/** Among users with a decision before, who came back. */
function* returnedOf({ m, n, size }: Population): Generator<void, Feature> {
  const [d, e] = [new Float64Array(size), new Float64Array(size)];
  for (const { from, to } of userPieces(size)) {
    for (let user = from; user < to; user++) {
      d[user] = m[user]! > 0 ? 1 : 0;
      e[user] = m[user]! > 0 && n[user]! > 0 ? 1 : 0;
    }
    yield;
  }
  return { d, e };
}

/** Among users with a decision before or after, how many they have after. */
function* decisionsOf({ m, n, size }: Population): Generator<void, Feature> {
  const d = new Float64Array(size);
  for (const { from, to } of userPieces(size)) {
    for (let user = from; user < to; user++) d[user] = m[user]! > 0 || n[user]! > 0 ? 1 : 0;
    yield;
  }
  return { d, e: n };
}

/** Who came back, and how often: what the checks look at. */
export function* sampleFeatures(population: Population): Generator<void, SampleFeatures> {
  return { returned: yield* returnedOf(population), decisions: yield* decisionsOf(population) };
}

export interface SampleFeatures {
  readonly returned: Feature;
  readonly decisions: Feature;
}

/**
 * Whether they must be relabelled at a look by which `spent` of the alphas may be spent: not before one in two thousand placements may be
 * taken out, which is when half of them are spent.
 */
export function isSampleDue({ returned, decisions }: SampleRatioPaths, rows: number, spent: number): boolean {
  const mass = ROLLOUT_THRESHOLDS.sample_alpha * spent;
  return allowedOf(returned, rows, mass) > 0 || allowedOf(decisions, rows, mass) > 0;
}

/** `sums` of the features in their order; none when they are not due. */
export function* sampleRatio(
  population: Population,
  features: SampleFeatures,
  [returned, decisions]: readonly RelabelledSums[],
  paths: SampleRatioPaths,
  spent: number,
): Generator<void, { readonly checks: SampleRatio; readonly paths: SampleRatioPaths }> {
  const mass = ROLLOUT_THRESHOLDS.sample_alpha * spent;
  const back = returned === undefined ? paths.returned : takeOut(paths.returned, pooled(returned).map(Math.abs), mass).paths;
  const often = decisions === undefined ? paths.decisions : takeOut(paths.decisions, harms(decisions).map(Math.abs), mass).paths;
  const cameBack = yield* armsOf(population, features.returned);
  const cameOften = yield* armsOf(population, features.decisions);
  const share = ({ n, e }: ArmSums): Share => ({ users: e, of: n });
  const mean = ({ n, e }: ArmSums): number => (n === 0 ? 0 : e / n);
  const { split, misplaced } = population;
  const arrived = yield* arrivedOf(population);
  const expectedShare = treatedShare(split);
  const differ = paths.arrived || countsDiffer(arrived, expectedShare);
  return {
    checks: {
      misplaced,
      returned: { treated: share(cameBack.treated), control: share(cameBack.control), differ: isOut(back) },
      arrived: { ...arrived, expectedShare, differ },
      decisionsPerUser: { treated: mean(cameOften.treated), control: mean(cameOften.control), differ: isOut(often) },
    },
    paths: { returned: back, decisions: often, arrived: differ },
  };
}

function* arrivedOf({ n, treated, size }: Population) {
  const counts = [0, 0];
  for (const { from, to } of userPieces(size)) {
    for (let user = from; user < to; user++) if (n[user]! > 0) counts[treated[user]!]!++;
    yield;
  }
  return { treated: counts[TREATED]!, control: counts[CONTROL]! };
}

/** Difference of two shares by row, in units of what the users differ by among themselves, which is the same in every row. */
function pooled(sums: RelabelledSums): Float64Array {
  return Float64Array.from({ length: sums.rows }, (_, row) => {
    const { treated, control } = sums.arms(row);
    if (treated.n === 0 || control.n === 0) return 0;
    return (treated.e / treated.n - control.e / control.n) / Math.sqrt(1 / treated.n + 1 / control.n);
  });
}

/** As sure of the expected share beforehand as so many users would make one. */
const PRIOR_USERS = 100;

/**
 * Valid at any number of looks: the likelihood under a beta mixture of shares around the expected one, against that under the expected
 * share, is a martingale that seldom reaches 1 / alpha (J. Ville, 1939; H. Robbins, Statistical methods related to the law of the iterated
 * logarithm, Ann. Math. Statist. 41, 1970).
 */
export function countsDiffer({ treated, control }: { readonly treated: number; readonly control: number }, expectedShare: number): boolean {
  if (expectedShare <= 0 || expectedShare >= 1) return false;
  const [a, b] = [expectedShare * PRIOR_USERS, (1 - expectedShare) * PRIOR_USERS];
  const evidence =
    logBeta(a + treated, b + control) - logBeta(a, b) - treated * Math.log(expectedShare) - control * Math.log(1 - expectedShare);
  return evidence > Math.log(1 / ROLLOUT_THRESHOLDS.count_alpha);
}
