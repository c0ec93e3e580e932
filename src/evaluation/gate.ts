/** The verdict: may the new policy go live? */
import type { PairedDifference } from './difference.js';
import type { Estimates } from './estimators.js';
import { explorationWords, type ExplorationTerms } from '../policies/controls/promotion-terms.js';
import type { Quantiles } from './quantiles.js';
import type { SegmentReport } from './segments.js';
import type { GateThresholds } from './thresholds.js';

export type Verdict = 'PROMOTE' | 'HOLD' | 'UNEVALUABLE';

export interface Judged {
  readonly verdict: Verdict;
  /** In words; never empty. */
  readonly reasons: readonly string[];
  /** About how many more decisions like these would be enough; 0 when there are enough, null when more would not help. */
  readonly more_decisions: number | null;
  /** Segments, as dimension=segment, whose harm is neither excluded nor sure. */
  readonly risks: readonly string[];
  /** What the verdict is for somebody who accepts all of these. */
  readonly verdict_with_risks: Verdict;
}

export interface Evidence {
  /** Of the decisions with a reward. */
  readonly estimates: Estimates;
  /** Of all decisions, those without a reward counted as 0. */
  readonly missingAsZero: Estimates & { readonly difference: PairedDifference };
  readonly missingShare: number;
  /** Decisions, with or without a reward, until a gain would be shown; null: never. */
  readonly decisionsUntilGain: number | null;
  readonly segments: readonly SegmentReport[];
  readonly simulation?: SimulatedGain | undefined;
  /** undefined: nobody knows. */
  readonly compared?: Compared | undefined;
}

/** How the decisions were made that are compared with. */
export interface Compared {
  readonly baseline: string;
  readonly exploration: ExplorationTerms;
  /** How many candidates they had; null: there are none. */
  readonly candidates: Quantiles | null;
}

/** What simulation shows of new - `against`, in reward per decision. */
export interface SimulatedGain extends ExplorationTerms {
  readonly against: string;
  /** Simulated users. */
  readonly users: number;
  readonly low: number;
  readonly high: number;
  /** Of each decision. */
  readonly candidates: number;
}

export function judge(evidence: Evidence, thresholds: GateThresholds): Judged {
  const unevaluable = whyUnevaluable(evidence, thresholds);
  if (unevaluable !== undefined) return { verdict: 'UNEVALUABLE', ...unevaluable, risks: [], verdict_with_risks: 'UNEVALUABLE' };
  const { missingAsZero, segments, simulation } = evidence;
  const { n, difference } = missingAsZero;
  const gain = whyNoGain(evidence, thresholds);
  const harmed = segments.filter((segment) => segment.harmed);
  const open = segments.filter((segment) => segment.harm_excluded === false && !segment.harmed);
  const holds = [
    ...gain,
    ...harmed.map(harmOf),
    ...(simulation === undefined ? [] : whyNotSimulated(simulation, evidence.compared, thresholds)),
  ];
  const risks = holds.length === 0 ? open.map((segment) => riskOf(segment, thresholds)) : risksOf(open, thresholds);
  const reasons = [...holds, ...risks];
  const needed = [...(gain.length === 0 ? [] : [evidence.decisionsUntilGain]), ...open.map((segment) => decisionsUntil(segment, n))];
  return {
    verdict: reasons.length > 0 ? 'HOLD' : 'PROMOTE',
    reasons: reasons.length > 0 ? reasons : whyPromote(difference, simulation, thresholds),
    more_decisions: needed.reduce<number | null>((most, one) => (most === null || one === null ? null : Math.max(most, one - n)), 0),
    risks: open.map(nameOf),
    verdict_with_risks: holds.length > 0 ? 'HOLD' : 'PROMOTE',
  };
}

/** As `promote --accept-risk` takes it. */
function nameOf({ dimension, segment }: SegmentReport): string {
  return `${dimension}=${segment}`;
}

function whyPromote(
  { mean, confidence_sequence: { low, high }, e_value: e }: PairedDifference,
  simulation: unknown,
  { alpha }: GateThresholds,
): string[] {
  return [
    `the new policy's reward would have been ${shown(mean!)} more per decision, between ${shown(low)} and ${shown(high)} ` +
      `(confidence ${1 - alpha}); that it is more has an e-value of ${shown(e)}, and ${shown(1 / alpha)} is enough`,
    ...(simulation === undefined ? ['no simulation was given: promote asks for one'] : []),
  ];
}

/** Of all decisions that it takes until harm to the segment is excluded; null: it never is. */
function decisionsUntil({ n: own, more_decisions: more }: SegmentReport, n: number): number | null {
  return more === null ? null : Math.ceil(n + (more * n) / own);
}

function harmOf({ dimension, segment, low, high }: SegmentReport): string {
  return `the segment ${dimension} = ${segment} is harmed: its difference lies between ${shown(low)} and ${shown(high)}`;
}

function riskOf(
  { dimension, segment, merged, n, difference, more_decisions: more }: SegmentReport,
  { max_segment_harm: margin }: GateThresholds,
): string {
  const who = `${dimension} = ${segment}${merged.length === 0 ? '' : ` (${listed(merged)})`}`;
  return (
    `harm above ${margin} to the segment ${who} cannot be excluded: its difference is ${shown(difference)} in ${n} decisions, and ` +
    (more === null ? 'more like these would not tell' : `about ${more} more of its own would tell, if it is not worse`)
  );
}

/** In short, where that is not all there is to say. */
function risksOf(open: readonly SegmentReport[], { max_segment_harm: margin }: GateThresholds): string[] {
  if (open.length === 0) return [];
  return [`harm above ${margin} cannot be excluded for ${open.length} segments: ${listed(open.map(nameOf))}`];
}

const MOST_LISTED = 5;

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function whyUnevaluable(
  { estimates, missingAsZero, missingShare }: Evidence,
  thresholds: GateThresholds,
): Pick<Judged, 'reasons' | 'more_decisions'> | undefined {
  const { n, ess, max_weight: maxWeight } = estimates;
  // Of all decisions: a policy whose tips people react to more often has more weight among those with a reward, and rightly so.
  const { mean_weight: meanWeight } = missingAsZero;
  if (n === 0) return { reasons: ['there is no decision with a reward'], more_decisions: thresholds.min_ess };
  if (maxWeight === 0)
    return { reasons: ['the new policy would never have chosen what was served: there is no overlap'], more_decisions: null };
  const more = Math.max(0, Math.ceil((n / (1 - missingShare)) * (thresholds.min_ess / ess - 1)));
  if (ess < thresholds.min_ess) {
    return {
      reasons: [
        `the effective sample size is ${shown(ess)} of ${n} decisions with a reward, below ${thresholds.min_ess}: ` +
          `about ${more} more decisions like these would do`,
      ],
      more_decisions: more,
    };
  }
  if (Math.abs(meanWeight! - 1) > thresholds.max_mean_weight_error) {
    return {
      reasons: [
        `the mean weight is ${shown(meanWeight!)}, where 1 is expected: what was logged does not cover ` +
          'what the new policy would do, or the propensities are wrong',
      ],
      more_decisions: null,
    };
  }
  return undefined;
}

function whyNoGain({ missingAsZero: { difference } }: Evidence, { alpha, min_gain: minGain }: GateThresholds): string[] {
  const {
    confidence_sequence: { low, high },
    e_value: e,
  } = difference;
  if (e >= 1 / alpha) return [];
  return [
    `no gain is shown: the difference per decision lies between ${shown(low)} and ${shown(high)}, and that it is above ${minGain} has an ` +
      `e-value of ${shown(e)}, below ${shown(1 / alpha)}`,
  ];
}

function whyNotSimulated(simulation: SimulatedGain, compared: Compared | undefined, thresholds: GateThresholds): string[] {
  const { users, low, high } = simulation;
  const reasons = compared === undefined ? [] : whyAnother(simulation, compared);
  if (users < thresholds.min_simulated_users) reasons.push(`the simulation has ${users} users, below ${thresholds.min_simulated_users}`);
  const loss = thresholds.max_simulated_loss;
  if (low <= -loss)
    reasons.push(`simulation does not exclude a loss above ${loss}: its difference lies between ${shown(low)} and ${shown(high)}`);
  return reasons;
}

/** Where the simulation was about something else than the decisions. */
function whyAnother(simulation: SimulatedGain, compared: Compared): string[] {
  const { against, candidates } = simulation;
  const { baseline, exploration, candidates: logged } = compared;
  const reasons: string[] = [];
  if (against !== baseline) reasons.push(`the simulation compares with ${against}, and ${baseline} is live: name it first in --policies`);
  const [made, live] = [simulation, exploration].map(explorationWords);
  if (made !== live) reasons.push(`the simulation was made at epsilon ${made}, and ${live} is in effect: simulate with that`);
  if (logged !== null && (candidates < logged.low || candidates > logged.high))
    reasons.push(
      `the simulation has ${candidates} candidates a decision, where decisions here have ${logged.low} to ${logged.high}: ` +
        `simulate with --candidates ${logged.median}`,
    );
  return reasons;
}

function shown(value: number): string {
  return String(Number(value.toPrecision(4)));
}
