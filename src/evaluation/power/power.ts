/**
 * How many decisions it takes until the gate promotes a policy that is better by so much: logs like this one are drawn, and each is
 * looked at as the gate looks, until it says PROMOTE.
 *
 * The gate asks three things, and all are drawn here: whether the effective sample is large enough, whether a gain is shown, and whether
 * harm above the margin is excluded for every segment. A segment is a share of the decisions, so it is usually a segment that takes
 * longest. Segments are drawn apart from each other: they overlap in truth, and then it takes no longer.
 */
import { randomStream, type Random } from '../../random.js';
import { plannedGrowths, valuesUntil } from '../bounds/gain-test.js';
import { BETTING_RATES, logSumExp } from '../bounds/rates.js';
import type { GateThresholds } from '../thresholds.js';
import { binomial } from './binomial.js';
import { largestGain, valuesWithGain } from './supposed-gain.js';
import type { Share, ValueShares } from './value-shares.js';
import { shown } from '../shown.js';

export interface PowerRow {
  /** Reward per decision. */
  readonly gain: number;
  /** Decisions until PROMOTE, from the first one that is judged on, for four of five such policies; null: see `reason`. */
  readonly decisions: number | null;
  /** For half of them. */
  readonly median_decisions: number | null;
  /** The same two until the gain is shown, were there no segments: that is how long it takes who accepts what may happen to them. */
  readonly gain_decisions: number | null;
  readonly median_gain_decisions: number | null;
  /** What takes longest: gain, or a segment as dimension=segment. */
  readonly slowest: string | null;
  /** Why nobody can say; null where `decisions` says it. */
  readonly reason: string | null;
}

export interface SegmentValues {
  /** As dimension=segment. */
  readonly name: string;
  readonly values: ValueShares;
}

export interface PowerQuestion {
  /** Of all decisions, those without a reward with that of none. */
  readonly values: ValueShares;
  /** Those of which harm must be excluded. */
  readonly segments: readonly SegmentValues[];
  /** From the least to the most that a decision can earn. */
  readonly span: number;
  readonly thresholds: GateThresholds;
  /** Logs that are drawn for each gain: a median of 1,000 is right to about 4 in 100, of 300 to about 7. */
  readonly runs: number;
}

/** `decisions` is for this share of the policies. */
export const GOOD_CHANCE = 0.8;
/** A look is taken whenever there are so many times as many decisions. */
const MORE_A_LOOK = 1.02;
const MOST_DECISIONS = 1e9;
/** Segments that need less than this share of what the slowest needs are through by then. */
const FAST = 0.2;
/** Before this share of what half of the logs need nothing is promoted. */
const FIRST_LOOK = 0.03;

/** One row a gain, in their order. Throws nothing: what cannot be said has a reason. */
export function powerTable(gains: readonly number[], question: PowerQuestion): PowerRow[] {
  return gains.map((gain) => powerOf(gain, question));
}

function powerOf(gain: number, { values, segments, span, thresholds, runs }: PowerQuestion): PowerRow {
  const nothing = (reason: string): PowerRow => ({
    gain,
    decisions: null,
    median_decisions: null,
    gain_decisions: null,
    median_gain_decisions: null,
    slowest: null,
    reason,
  });
  if (values.n === 0) return nothing('there are no decisions to go by');
  if (values.rewardedShare === 0) return nothing('no decision has a reward yet');
  const most = largestGain(values) * span;
  if (most <= 0) return nothing('the policy would have chosen the same in every decision');
  if (gain > most) return nothing(`the policies choose differently too seldom: more than ${shown(most)} cannot be gained`);
  if (gain <= thresholds.min_gain) return nothing(`a gain must be above ${thresholds.min_gain}`);
  const limit = Math.log(1 / thresholds.alpha);
  const walks = [
    walkOf('gain', values, 1, gain / span, thresholds.min_gain / span, limit),
    ...segments.map(({ name, values: own }) =>
      walkOf(name, own, own.n / values.n, gain / span, -thresholds.max_segment_harm / span, limit),
    ),
  ];
  const slowest = walks.reduce((most, walk) => (walk.planned > most.planned ? walk : most));
  const asked = walks.filter(({ planned }) => planned >= FAST * slowest.planned);
  const enough = enoughFor(values, thresholds.min_ess);
  const through = (what: string, of: readonly Walk[]) => crossings(randomStream(1, `${what} ${gain}`), of, { limit, enough, runs });
  const alone = through('gain', [walks[0]!]);
  const whole = asked.length === 1 && asked[0] === walks[0] ? alone : through('all', asked);
  const decisions = quantile(whole, GOOD_CHANCE);
  return {
    gain,
    decisions,
    median_decisions: quantile(whole, 0.5),
    gain_decisions: quantile(alone, GOOD_CHANCE),
    median_gain_decisions: quantile(alone, 0.5),
    slowest: slowest.name,
    reason: decisions === null ? `more than ${MOST_DECISIONS} decisions would not be enough` : null,
  };
}

/** One question of the gate. */
interface Walk {
  readonly name: string;
  /** Share of the decisions that it is about. */
  readonly share: number;
  readonly shares: readonly Share[];
  /** By how much the logarithm of each rate's bet grows with each value, a value after the other. */
  readonly steps: readonly (readonly number[])[];
  /** About how many decisions, of all, it takes. */
  readonly planned: number;
}

function walkOf(name: string, values: ValueShares, share: number, gain: number, above: number, limit: number): Walk {
  const shares = valuesWithGain(values, gain);
  const mean = shares.reduce((sum, { value, share: often }) => sum + value * often, 0);
  const variance = shares.reduce((sum, { value, share: often }) => sum + often * (value - mean) ** 2, 0);
  const steps = shares.map(({ value }) => BETTING_RATES.rates.map((rate) => Math.log(1 + rate * (value - above))));
  const growths = BETTING_RATES.rates.map((_, k) => shares.reduce((sum, { share: often }, i) => sum + often * steps[i]![k]!, 0));
  const needed = valuesUntil(growths, limit) ?? valuesUntil(plannedGrowths(mean - above, variance), limit) ?? MOST_DECISIONS;
  return { name, share, shares, steps, planned: Math.min(MOST_DECISIONS, needed / share) };
}

/** How many decisions it takes until the effective sample of those with a reward is large enough. */
function enoughFor(values: ValueShares, minEss: number): number {
  const squares = values.weights.reduce((sum, { value, share }) => sum + share * value ** 2, 0);
  return Math.max(minEss, Math.ceil((minEss * squares) / values.rewardedShare));
}

interface Asked {
  /** Of the logarithm of the evidence. */
  readonly limit: number;
  /** Decisions before which nothing is promoted. */
  readonly enough: number;
  readonly runs: number;
}

/** After how many decisions each of the logs drawn is through, ascending; Infinity: not within MOST_DECISIONS. */
function crossings(random: Random, walks: readonly Walk[], { limit, enough, runs }: Asked): number[] {
  const planned = Math.max(...walks.map((walk) => walk.planned));
  const first = Math.max(enough, Math.ceil(planned * FIRST_LOOK));
  return Array.from({ length: runs }, () => crossing(random, walks, limit, first)).sort((a, b) => a - b);
}

function crossing(random: Random, walks: readonly Walk[], limit: number, first: number): number {
  const logs = walks.map(() => BETTING_RATES.logShares.slice());
  const seen = walks.map(() => 0);
  for (let look = first; look <= MOST_DECISIONS; look = Math.ceil(look * MORE_A_LOOK)) {
    let through = true;
    for (const [i, walk] of walks.entries()) {
      const now = Math.round(look * walk.share);
      take(random, walk, logs[i]!, now - seen[i]!);
      seen[i] = now;
      through &&= logSumExp(logs[i]!) >= limit;
    }
    if (through) return look;
  }
  return Infinity;
}

/** As many values more, in whatever order. */
function take(random: Random, { shares, steps }: Walk, logs: number[], values: number): void {
  let [left, mass] = [values, 1];
  for (const [i, { share }] of shares.entries()) {
    const count = i === shares.length - 1 ? left : binomial(random, left, share / mass);
    left -= count;
    mass -= share;
    if (count === 0) continue;
    const step = steps[i]!;
    for (let k = 0; k < logs.length; k++) logs[k]! += count * step[k]!;
  }
}

function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.ceil(share * sorted.length) - 1]!;
  return value === Infinity ? null : value;
}

/** From these a table takes the largest that are possible. */
const USUAL_GAINS = [0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];

/** Four gains that a policy with these weights can have, smallest first, none above half of what is earned per decision, or a tenth. */
export function usualGains({ values, span }: Pick<PowerQuestion, 'values' | 'span'>): readonly number[] {
  const most = Math.min(largestGain(values) * span, Math.max(0.1 * span, (values.meanReward * span) / 2));
  return USUAL_GAINS.filter((gain) => gain <= most)
    .slice(0, 4)
    .reverse();
}
