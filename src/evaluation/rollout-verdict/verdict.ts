/**
 * May a rollout go on to more users? By its two arms, both ways: a gain that is shown, a loss that is shown, or neither. What cannot be
 * compared is not judged. Pure.
 */
import type { Verdict } from '../gate.js';
import type { Comparison } from '../rollouts/comparison.js';
import type { Epoch } from '../rollouts/epochs.js';
import type { Gain, LookVerdict } from '../rollouts/judge-look.js';
import type { Look } from '../rollouts/looks.js';
import { isIncomparable } from '../rollouts/rollout-looks.js';
import type { SegmentVerdict } from '../rollouts/segments.js';
import { treatedShare, type Split } from '../rollouts/split.js';
import { ROLLOUT_VERDICT_THRESHOLDS } from './thresholds.js';
import { nobodyHeldOut, whyNotAllOfIt, whyNotComparable, whyUndecided } from './words.js';
import { shown } from '../shown.js';

export interface RolloutFacts {
  readonly policy: string;
  /** Who decides for the others. */
  readonly baseline: string;
  readonly epochs: readonly Epoch[];
  /** When nobody was covered any more, Unix ms; null: it stands. */
  readonly endedAtMs: number | null;
  /** Of the current percentage; null: none was taken yet. */
  readonly newest: LookVerdict | null;
  /** Of the current percentage, the newest that was asked about a gain; null: none was. */
  readonly gain: Gain | null;
  /** The first of all that said to take it back; null: none did. */
  readonly harm: LookVerdict | null;
  /** By the users of `gain`. */
  readonly segments: readonly SegmentVerdict[];
  /** See could-find.ts. */
  readonly couldFind: number | null;
  /** null: there is none any more. */
  readonly next: Look | null;
  /** Since when who is live, the settings and the migrations are what they are, Unix ms. */
  readonly changedAtMs: number;
}

export interface MoreUsers {
  /** With a decision, in the smaller arm. */
  readonly smaller_arm: number;
  /** The same of all who are compared: about as many more it takes. */
  readonly all: number;
}

export interface RolloutVerdict {
  readonly verdict: Verdict;
  /** What is shown of the policy's users against the others. */
  readonly shown: 'gain' | 'loss' | 'nothing';
  /** In words; never empty. */
  readonly reasons: readonly string[];
  /** Where too few users decide nothing; null anywhere else. */
  readonly more_users: MoreUsers | null;
  /** Segments, as dimension=segment, whose harm is neither excluded nor shown. */
  readonly risks: readonly string[];
  /** What the verdict is for somebody who accepts all of these. */
  readonly verdict_with_risks: Verdict;
}

export function judgeRollout(facts: RolloutFacts): RolloutVerdict {
  const shown = whatIsShown(facts);
  const unevaluable = whyUnevaluable(facts);
  if (unevaluable !== null) {
    const { reason, more } = unevaluable;
    return {
      verdict: 'UNEVALUABLE',
      shown: 'nothing',
      reasons: [reason],
      more_users: more ?? null,
      risks: [],
      verdict_with_risks: 'UNEVALUABLE',
    };
  }
  const { segments, policy, baseline, epochs } = facts;
  const open = segments.filter(({ harmed, notWorse }) => !harmed && !notWorse);
  const holds = [
    ...(shown === 'gain' ? [] : [whyNoGain(facts)]),
    ...segments.filter(({ harmed }) => harmed).map(harmOf),
    ...whyNotAsItWas(facts),
  ];
  // Whoever takes it back need not hear of harm that is not excluded.
  const risks = shown === 'loss' ? [] : shown === 'gain' ? open.map(riskOf) : briefly(open);
  const reasons = [...holds, ...risks];
  const { gain } = facts;
  return {
    verdict: reasons.length > 0 ? 'HOLD' : 'PROMOTE',
    shown,
    reasons: reasons.length > 0 ? reasons : [gainOf(policy, baseline, gain!, epochs.at(-1)!.alpha)],
    more_users: null,
    risks: open.map(segmentName),
    verdict_with_risks: holds.length > 0 ? 'HOLD' : 'PROMOTE',
  };
}

/** As `promote --accept-risk` takes it; segments that are judged together have one name. */
export function segmentName({ dimension, segments }: Pick<SegmentVerdict, 'dimension' | 'segments'>): string {
  return `${dimension}=${segments.join('+')}`;
}

/** Of the tests at one percentage, in one sentence for whoever decides. */
export function alphaMeans({ alpha }: Pick<Epoch, 'alpha'>): string {
  const rollouts = Math.floor(2 / alpha + 1e-9);
  return (
    `alpha ${shown(alpha)} means: of ${rollouts} rollouts in which nobody's reward depends on the policy, at most one is ever ` +
    'called better and at most two worse at this percentage, however often you look; where the policies are equal on average ' +
    'only, about as many.'
  );
}

/** Users who decide a gain: those of one epoch. */
export function splitOfGain({ fresh, everybody }: Epoch): Split {
  return fresh ?? everybody;
}

function whatIsShown({ gain, harm }: RolloutFacts): RolloutVerdict['shown'] {
  if (harm !== null || (gain !== null && gain.interval.high < 0)) return 'loss';
  return gain?.better === true ? 'gain' : 'nothing';
}

/** null: it can be judged. */
function whyUnevaluable(facts: RolloutFacts): { readonly reason: string; readonly more?: MoreUsers | undefined } | null {
  const { policy, epochs, newest, gain, harm, next } = facts;
  if (isIncomparable(epochs)) return { reason: nobodyHeldOut(policy) };
  if (newest === null)
    return {
      reason:
        next === null
          ? 'it was over before the first look'
          : `the first look at this percentage is still to come: it is taken when events have come to ${time(next.dueAtMs)}`,
    };
  const faulty = whyNotComparable(newest.sample);
  if (faulty !== null) return { reason: faulty };
  // Who comes, and how often, stops no rollback.
  if (harm !== null) return null;
  const partly = whyNotAllOfIt(newest.sample);
  if (partly !== null) return { reason: partly };
  if (gain === null)
    return { reason: 'the percentage was lowered: nobody is newly covered, and those who always were have been looked at before' };
  return tooFew(gain, splitOfGain(epochs.at(-1)!));
}

function tooFew(gain: Comparison, split: Split): { readonly reason: string; readonly more?: MoreUsers } | null {
  const why = whyUndecided(gain);
  if (why === null) return null;
  const { users, effectiveUsers } = gain.smallerArm;
  const { min_users: least, min_effective_users: leastEffective } = ROLLOUT_VERDICT_THRESHOLDS;
  const missing =
    gain.undecided === 'too_few_effective_users'
      ? Math.max(1, Math.ceil(users * (leastEffective / effectiveUsers - 1) - 1e-9))
      : Math.max(1, least - Math.round(users));
  const share = treatedShare(split);
  const more = { smaller_arm: missing, all: Math.ceil(missing / Math.min(share, 1 - share) - 1e-9) };
  const like = gain.undecided === 'too_few_effective_users' ? ' like these' : '';
  return { reason: `${why}: ${more.smaller_arm} more${like} there, which are about ${more.all} more in both arms together`, more };
}

function whyNoGain({ policy, baseline, gain, harm, couldFind }: RolloutFacts): string {
  if (harm !== null) {
    const { look, rollback } = harm;
    const by = rollback.difference === null ? '' : `, by ${shown(-rollback.difference)} per decision after the adjustment`;
    const shownAt = `as the look of ${time(look.atMs)} showed`;
    return `the users of ${policy} surely have less reward than those of ${baseline}${by}, ${shownAt}: roll back`;
  }
  const { interval, difference } = gain!;
  if (interval.high < 0)
    return `the users of ${policy} have less reward than those of ${baseline}: ${span(interval)} per decision: roll back`;
  if (couldFind === null) return `this look is too early to show a difference of any size: so far it is ${shown(difference!)} per decision`;
  return (
    `no gain is shown: the users of ${policy} have ${span(interval)} more reward per decision than those of ${baseline}, and a gain of ` +
    `${shown(couldFind)} would show at this look in four of five rollouts`
  );
}

function gainOf(policy: string, baseline: string, { difference, interval }: Gain, alpha: number): string {
  return (
    `the users of ${policy} have ${shown(difference!)} more reward per decision than those of ${baseline}, after the adjustment ` +
    `for what they did before: ${span(interval)}, at all looks together (confidence ${shown(1 - alpha)})`
  );
}

/** What was compared must be what goes on. */
function whyNotAsItWas({ epochs, endedAtMs, changedAtMs }: RolloutFacts): string[] {
  if (endedAtMs !== null) return [`it was taken back at ${time(endedAtMs)}`];
  const { startMs } = epochs.at(-1)!;
  if (changedAtMs <= startMs) return [];
  return [
    `who is live, the settings, a prior or a migration have changed at ${time(changedAtMs)}, after this percentage began at ` +
      `${time(startMs)}: what is compared is in part another policy than the one that goes on`,
  ];
}

function harmOf({ dimension, segments, difference, harmP }: SegmentVerdict): string {
  return (
    `the segment ${dimension} = ${segments.join(' + ')} is harmed: its difference is ${shown(difference!)}, and chance makes the ` +
    `worst of all segments look so bad in ${shown(harmP!)} of rollouts`
  );
}

function riskOf({ dimension, segments, interval, undecided, usersMissing, treated, control }: SegmentVerdict): string {
  const users = treated.users + control.users;
  return (
    `harm above ${ROLLOUT_VERDICT_THRESHOLDS.max_segment_harm} to the segment ${dimension} = ${segments.join(' + ')} cannot be excluded: ` +
    (undecided === null ? `its difference is ${span(interval)} for ${users} users` : `it has ${users} users`) +
    (usersMissing > 0 ? `, and about ${usersMissing} more would tell, if it is not worse` : '')
  );
}

function briefly(open: readonly SegmentVerdict[]): string[] {
  if (open.length === 0) return [];
  const { max_segment_harm: margin } = ROLLOUT_VERDICT_THRESHOLDS;
  return [`harm above ${margin} cannot be excluded for ${open.length} segments: ${open.map(segmentName).join(', ')}`];
}

function span({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${shown(low)} to ${shown(high)}`;
}

function time(ms: number): string {
  return new Date(ms).toISOString();
}
