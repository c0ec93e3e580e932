/**
 * One look at a rollout: whether it is to be rolled back, whether a gain is shown, and whether the arms are comparable at all. The same
 * users give the same answer, bit for bit, in any order and however they were gathered.
 */
import type { Interval } from '../confidence.js';
import { adjust, type Adjusted } from './adjustment.js';
import { armsOf, relabelledSums, type Feature, type RelabelledSums } from './arm-sums.js';
import { comparisonOf, type Comparison } from './comparison.js';
import type { Epoch } from './epochs.js';
import { intervalOf, NO_INTERVAL, withoutEffect, type IntervalPaths } from './interval.js';
import type { Look } from './looks.js';
import { isOut, NO_LOOKS, takeOut, type Paths } from './paths.js';
import { populationOf, type Population } from './population.js';
import { isSampleDue, NO_SAMPLE_LOOKS, sampleFeatures, sampleRatio, type SampleRatio, type SampleRatioPaths } from './sample-ratio.js';
import { RELABELLINGS, type Split } from './split.js';
import { differenceOf, harms } from './statistic.js';
import type { RolloutUsers } from './users.js';

/** What a look leaves for the next one of its epoch. JSON as it is. */
export interface LookState {
  /** Index of the look. */
  readonly look: number;
  readonly rollback: Paths;
  readonly interval: IntervalPaths;
  readonly sample: SampleRatioPaths;
}

export interface LookQuestion {
  readonly epoch: Epoch;
  readonly look: Look;
  /** With the sums of this look's windows. */
  readonly users: RolloutUsers;
  /** Of the look before; null: this is the epoch's first. */
  readonly state: LookState | null;
  /** In reward a decision: a loss up to this is taken for none. */
  readonly margin?: number;
  /** The same at all looks of an epoch. */
  readonly relabellings?: number;
}

export interface LookVerdict {
  readonly look: Look;
  readonly rollback: Rollback;
  /** null: nobody is newly treated, as the percentage was lowered, or the verdict on a gain was final before. */
  readonly gain: Gain | null;
  readonly sample: SampleRatio;
  /** For the next look. */
  readonly state: LookState;
}

export interface Rollback extends Comparison {
  /** The treated have surely less, at this look or an earlier one: the promote is to be taken back. */
  readonly now: boolean;
  /** Share of the placements that look at least as harmful at this look alone, 0 to 1: for people; null where nothing is decided. */
  readonly p: number | null;
}

export interface Gain extends Comparison {
  /** Of the difference, at all looks of the epoch together; the whole range where nothing is decided. */
  readonly interval: Interval;
  /** The interval is above 0, and no check of the sample stands against it. */
  readonly better: boolean;
  /** The interval is above minus the margin, and no check of the sample stands against it. */
  readonly notWorse: boolean;
}

/** Yields about every two milliseconds. Throws RangeError for a look that does not follow the state's. */
export function* judgeLook(question: LookQuestion): Generator<void, LookVerdict> {
  const { epoch, look, users, state, relabellings = RELABELLINGS } = question;
  if (look.index !== (state === null ? 0 : state.look + 1))
    throw new RangeError(`look ${look.index} does not follow ${state === null ? 'the start' : `look ${state.look}`}`);
  const { population, adjusted } = yield* adjustedUsers(users, epoch.everybody);
  const compared = yield* comparisonOf(population, adjusted, users.scale);
  const decides = compared.undecided === null;
  const before = state ?? NO_STATE;
  const looksForGain = epoch.fresh !== null && look.gainSpent !== null;
  const sameUsers = looksForGain && isSame(epoch.fresh!, epoch.everybody);
  const sample = yield* sampleFeatures(population);
  const sampled = isSampleDue(before.sample, relabellings + 1, look.spent) ? [sample.returned, sample.decisions] : [];
  const features: Feature[] = [...sampled, ...(decides ? [adjusted] : [])];
  if (decides && sameUsers) features.push(yield* withoutEffect(adjusted, population));
  const sums = features.length === 0 ? [] : yield* relabelledSums(population, features, relabellings);
  const [residuals, centred] = sums.slice(sampled.length);
  const { checks, paths } = yield* sampleRatio(population, sample, sums.slice(0, sampled.length), before.sample, look.spent);
  const statistics = residuals && harms(residuals);
  const taken = statistics === undefined ? before.rollback : takeOut(before.rollback, statistics, epoch.alpha * look.spent).paths;
  const rollback = { ...compared, now: isOut(taken), p: statistics === undefined ? null : shareFrom(statistics, statistics[0]!) };
  let gained: Gained = { gain: null, paths: before.interval };
  if (looksForGain) {
    const trusted = checks.misplaced === 0 && !checks.returned.differ && !checks.arrived.differ && !checks.decisionsPerUser.differ;
    gained = sameUsers
      ? yield* gainOf(question, { population, adjusted }, compared, centred, trusted)
      : yield* gainOfFresh(question, yield* adjustedUsers(users, epoch.fresh!), trusted);
  }
  const next = { look: look.index, rollback: taken, interval: gained.paths, sample: paths };
  return { look, rollback, gain: gained.gain, sample: checks, state: next };
}

const NO_STATE: LookState = { look: -1, rollback: NO_LOOKS, interval: NO_INTERVAL, sample: NO_SAMPLE_LOOKS };

function shareFrom(statistics: Float64Array, least: number): number {
  return statistics.filter((each) => each >= least).length / statistics.length;
}

interface AdjustedUsers {
  readonly population: Population;
  readonly adjusted: Adjusted;
}

interface Gained {
  readonly gain: Gain | null;
  readonly paths: IntervalPaths;
}

function* adjustedUsers(users: RolloutUsers, split: Split): Generator<void, AdjustedUsers> {
  const population = yield* populationOf(users, split);
  return { population, adjusted: yield* adjust(population) };
}

function isSame(a: Split, b: Split): boolean {
  return a.fromPercent === b.fromPercent && a.percent === b.percent && a.controlFromPercent === b.controlFromPercent;
}

function* gainOfFresh(question: LookQuestion, fresh: AdjustedUsers, trusted: boolean): Generator<void, Gained> {
  const { population, adjusted } = fresh;
  const compared = yield* comparisonOf(population, adjusted, question.users.scale);
  const [centred] =
    compared.undecided === null
      ? yield* relabelledSums(population, [yield* withoutEffect(adjusted, population)], question.relabellings ?? RELABELLINGS)
      : [];
  return yield* gainOf(question, fresh, compared, centred, trusted);
}

/** `centred`: the sums without effect; undefined: nothing is decided. */
function* gainOf(
  { epoch, look, users: { scale }, state, margin = 0 }: LookQuestion,
  { population, adjusted }: AdjustedUsers,
  compared: Comparison,
  centred: RelabelledSums | undefined,
  trusted: boolean,
): Generator<void, Gained> {
  const range = scale.high - scale.low;
  const before = state?.interval ?? NO_INTERVAL;
  const { interval, paths } =
    centred === undefined
      ? { interval: { low: -1, high: 1 }, paths: before }
      : intervalOf(differenceOf(yield* armsOf(population, adjusted)), centred, before, epoch.alpha * look.gainSpent!);
  const [low, high] = [interval.low * range, interval.high * range];
  return { gain: { ...compared, interval: { low, high }, better: trusted && low > 0, notWorse: trusted && low > -margin }, paths };
}
