/**
 * The same difference for groups of users: three questions, three rules.
 *
 * - Is the rollout taken back by itself? By everybody together alone: see judge-look.ts.
 * - Is this segment harmed? By the largest statistic of all segments in each relabelling, so that one of many looking bad by chance is
 *   not called harmed (P. H. Westfall and S. S. Young, Resampling-based multiple testing, 1993).
 * - Is no segment harmed by more than a margin? Each by its own interval, without correction: all of them have to show it (R. L. Berger,
 *   Multiparameter hypothesis testing and acceptance sampling, Technometrics 24, 1982). A segment too small to show it would hold
 *   everything up for ever, so the small ones of a dimension are judged together as the others, or it is said how many users they lack.
 */
import { compareCodePoints } from '../../events/strings.js';
import type { Interval } from '../confidence.js';
import { adjust, adjustedPart, type Adjusted } from './adjustment.js';
import { armsOf, relabelledSums } from './arm-sums.js';
import { comparisonOf, type Comparison } from './comparison.js';
import { deviationOf } from './findable.js';
import { intervalOf, NO_INTERVAL, withoutEffect } from './interval.js';
import { partOf, populationOf, type Population } from './population.js';
import { RELABELLINGS, treatedShare, type Split } from './split.js';
import { differenceOf, harms } from './statistic.js';
import { ROLLOUT_THRESHOLDS } from './thresholds.js';
import type { RolloutUsers } from './users.js';

export interface SegmentsQuestion {
  readonly split: Split;
  readonly users: RolloutUsers;
  readonly alpha: number;
  /** In reward a decision, above 0: a loss up to this is taken for none. */
  readonly margin: number;
  readonly relabellings?: number;
}

export interface SegmentVerdict extends Comparison {
  readonly dimension: string;
  /** One segment; those that are judged together. */
  readonly segments: readonly string[];
  /** Of the difference, this look alone; the whole range where there are too few users. */
  readonly interval: Interval;
  /** That chance makes the worst of all segments look as harmful; null where there are too few users. */
  readonly harmP: number | null;
  /** harmP is at most alpha. */
  readonly harmed: boolean;
  /** The interval is above minus the margin. */
  readonly notWorse: boolean;
  /** How many more users like these would show the margin in four of five rollouts if there were no difference; 0: there are enough. */
  readonly usersMissing: number;
}

interface Group {
  readonly dimension: string;
  readonly segments: readonly string[];
  readonly members: Int32Array;
}

interface Measured extends Group {
  readonly population: Population;
  readonly adjusted: Adjusted;
  readonly compared: Comparison;
  readonly usersMissing: number;
  /** By row; undefined: too few users. */
  readonly harms: Float64Array | undefined;
}

/** One look, sorted by dimension and segment. Yields about every two milliseconds. Throws RangeError for a margin that is not above 0. */
export function* judgeSegments(question: SegmentsQuestion): Generator<void, SegmentVerdict[]> {
  const { users, split, margin } = question;
  if (!(margin > 0)) throw new RangeError('no segment can be shown to lose nothing at all: the margin must be above 0');
  const population = yield* populationOf(users, split);
  const adjusted = yield* adjust(population);
  const measured: Measured[] = [];
  for (const [dimension, groups] of groupsOf(users, population)) {
    const each: Measured[] = [];
    for (const group of groups) each.push(yield* measure(question, population, adjusted, group));
    const small = each.filter(({ usersMissing }) => usersMissing > 0);
    const others = small.length < 2 ? undefined : yield* measure(question, population, adjusted, together(dimension, small));
    measured.push(...(others?.usersMissing === 0 ? [...each.filter(({ usersMissing }) => usersMissing === 0), others] : each));
  }
  const worst = largest(measured.flatMap((one) => one.harms ?? []));
  const verdicts: SegmentVerdict[] = [];
  for (const one of measured) verdicts.push(yield* judged(question, one, worst));
  return verdicts;
}

/** Dimension -> its segments, both in the order of code points. */
function groupsOf(users: RolloutUsers, { rows }: Population): [string, Group[]][] {
  const indexOf = new Map(Array.from(rows, (row, index) => [row, index]));
  const inOrder = <T>(map: ReadonlyMap<string, T>): [string, T][] => [...map].sort(([a], [b]) => compareCodePoints(a, b));
  return inOrder(users.segments).map(([dimension, segments]) => [
    dimension,
    inOrder(segments).map(([segment, own]) => ({
      dimension,
      segments: [segment],
      members: Int32Array.from(own.flatMap((row) => indexOf.get(row) ?? [])),
    })),
  ]);
}

function together(dimension: string, groups: readonly Group[]): Group {
  return {
    dimension,
    segments: groups.flatMap(({ segments }) => segments),
    members: Int32Array.from(groups.flatMap(({ members }) => [...members])),
  };
}

function* measure(
  { users: { scale }, margin, split, relabellings = RELABELLINGS }: SegmentsQuestion,
  all: Population,
  allAdjusted: Adjusted,
  group: Group,
): Generator<void, Measured> {
  const population = yield* partOf(all, group.members);
  const adjusted = yield* adjustedPart(allAdjusted, group.members);
  const compared = yield* comparisonOf(population, adjusted, scale);
  if (compared.undecided !== null) {
    const share = treatedShare(split);
    const { min_users, min_effective_users } = ROLLOUT_THRESHOLDS;
    const { users, effectiveUsers } = compared.smallerArm;
    // Whichever is further off.
    const factor = Math.max(min_users / users, min_effective_users / effectiveUsers);
    const wanted = adjusted.users === 0 ? min_users / Math.min(share, 1 - share) : adjusted.users * factor;
    return { ...group, population, adjusted, compared, usersMissing: Math.max(1, Math.ceil(wanted - adjusted.users)), harms: undefined };
  }
  const [sums] = yield* relabelledSums(population, [adjusted], relabellings);
  const error = deviationOf(sums!) * (scale.high - scale.low);
  const wanted = adjusted.users * ((ROLLOUT_THRESHOLDS.findable_errors * error) / margin) ** 2;
  return { ...group, population, adjusted, compared, usersMissing: Math.max(0, Math.ceil(wanted - adjusted.users)), harms: harms(sums!) };
}

function* judged(
  { users: { scale }, alpha, margin, relabellings = RELABELLINGS }: SegmentsQuestion,
  { dimension, segments, population, adjusted, compared, usersMissing, harms: statistics }: Measured,
  worst: Float64Array,
): Generator<void, SegmentVerdict> {
  const range = scale.high - scale.low;
  const same = { dimension, segments, ...compared, usersMissing };
  if (statistics === undefined) return { ...same, interval: { low: -range, high: range }, harmP: null, harmed: false, notWorse: false };
  const [centred] = yield* relabelledSums(population, [yield* withoutEffect(adjusted, population)], relabellings);
  const { interval } = intervalOf(differenceOf(yield* armsOf(population, adjusted)), centred!, NO_INTERVAL, alpha);
  const [low, high] = [interval.low * range, interval.high * range];
  const harmP = worst.filter((each) => each >= statistics[0]!).length / worst.length;
  return { ...same, interval: { low, high }, harmP, harmed: harmP <= alpha, notWorse: low > -margin };
}

/** Of all segments, by row. */
function largest(all: readonly Float64Array[]): Float64Array {
  return all.length === 0 ? new Float64Array(0) : all[0]!.map((_, row) => Math.max(...all.map((statistics) => statistics[row]!)));
}
