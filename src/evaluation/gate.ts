/** The verdict: may the new policy go live? */
import type { PairedDifference } from './difference.js';
import type { Estimates } from './estimators.js';
import type { Quantiles } from './quantiles.js';
import type { SegmentReport } from './segments.js';
import type { GateThresholds } from './thresholds.js';

export type Verdict = 'PROMOTE' | 'HOLD' | 'UNEVALUABLE';

export interface Judged {
  readonly verdict: Verdict;
  /** In words; never empty. */
  readonly reasons: readonly string[];
  /** Decisions that would be enough if they were like these; 0 when there are enough, null when more would not help. */
  readonly more_decisions: number | null;
}

export interface Evidence {
  /** Of the decisions with a reward. */
  readonly estimates: Estimates;
  readonly difference: PairedDifference;
  /** Of all decisions, those without a reward counted as 0. */
  readonly missingAsZero: Estimates & { readonly difference: PairedDifference };
  readonly missingShare: number;
  readonly segments: readonly SegmentReport[];
  readonly simulation?: SimulatedGain | undefined;
  /** undefined: nobody knows. */
  readonly compared?: Compared | undefined;
}

/** How the decisions were made that are compared with. */
export interface Compared {
  readonly baseline: string;
  readonly epsilon: number;
  /** How many candidates they had; null: there are none. */
  readonly candidates: Quantiles | null;
}

/** What simulation shows of new - `against`, in reward per decision. */
export interface SimulatedGain {
  readonly against: string;
  /** Simulated users. */
  readonly users: number;
  readonly low: number;
  readonly high: number;
  readonly epsilon: number;
  /** Of each decision. */
  readonly candidates: number;
}

export function judge(evidence: Evidence, thresholds: GateThresholds): Judged {
  const unevaluable = whyUnevaluable(evidence, thresholds);
  if (unevaluable !== undefined) return { verdict: 'UNEVALUABLE', ...unevaluable };
  const reasons = whyHold(evidence, thresholds);
  if (reasons.length > 0) return { verdict: 'HOLD', reasons, more_decisions: 0 };
  const { low, high } = evidence.difference.confidence_sequence;
  const confidence = `(confidence ${1 - thresholds.alpha})`;
  const gain = `the new policy's reward would have been ${shown(low)} to ${shown(high)} more per decision ${confidence}`;
  return {
    verdict: 'PROMOTE',
    reasons: [gain, ...(evidence.simulation === undefined ? ['no simulation was given: promote asks for one'] : [])],
    more_decisions: 0,
  };
}

function whyUnevaluable(
  { estimates, missingAsZero, missingShare }: Evidence,
  thresholds: GateThresholds,
): Omit<Judged, 'verdict'> | undefined {
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

function whyHold(
  { difference, missingAsZero, missingShare, segments, simulation, compared }: Evidence,
  thresholds: GateThresholds,
): string[] {
  const reasons: string[] = [];
  const { low, high } = difference.confidence_sequence;
  if (low <= thresholds.min_gain)
    reasons.push(
      `no gain is shown: the difference per decision lies between ${shown(low)} and ${shown(high)}, ` +
        `and its lower end is not above ${thresholds.min_gain}`,
    );
  if (missingShare > thresholds.max_missing_share && missingAsZero.difference.confidence_sequence.low <= thresholds.min_gain) {
    reasons.push(`${percent(missingShare)} of the decisions have no reward, and with those counted as 0 no gain is shown`);
  }
  for (const { dimension, segment, low: from, high: to } of segments.filter(({ harmed }) => harmed)) {
    reasons.push(`the segment ${dimension} = ${segment} is harmed: its difference lies between ${shown(from)} and ${shown(to)}`);
  }
  if (simulation !== undefined) reasons.push(...whyNotSimulated(simulation, compared, thresholds));
  return reasons;
}

function whyNotSimulated(simulation: SimulatedGain, compared: Compared | undefined, thresholds: GateThresholds): string[] {
  const { users, low, high } = simulation;
  const reasons = compared === undefined ? [] : whyAnother(simulation, compared);
  if (users < thresholds.min_simulated_users) reasons.push(`the simulation has ${users} users, below ${thresholds.min_simulated_users}`);
  if (low <= thresholds.min_gain) reasons.push(`simulation shows no gain: its difference lies between ${shown(low)} and ${shown(high)}`);
  return reasons;
}

/** Where the simulation was about something else than the decisions. */
function whyAnother({ against, epsilon, candidates }: SimulatedGain, { baseline, epsilon: live, candidates: logged }: Compared): string[] {
  const reasons: string[] = [];
  if (against !== baseline) reasons.push(`the simulation compares with ${against}, and ${baseline} is live: name it first in --policies`);
  if (epsilon !== live)
    reasons.push(`the simulation was made at epsilon ${epsilon}, and ${live} is in effect: simulate with --epsilon ${live}`);
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

function percent(share: number): string {
  return `${shown(100 * share)} %`;
}
