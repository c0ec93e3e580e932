/** What the guardrail says of a rollout: its last look, when the next one is due, and why it does not act where it does not. Pure. */
import { nobodyHeldOut, whyNotComparable, whyUndecided } from '../../evaluation/rollout-verdict/words.js';
import { isIncomparable, nextLook } from '../../evaluation/rollouts/rollout-looks.js';
import type { LookVerdict } from '../../evaluation/rollouts/judge-look.js';
import type { RolloutHistory } from '../../policies/controls/rollout-history.js';
import type { RolloutWatch, TakenLook } from './rollout-watch.js';

export interface WatchedArm {
  /** With a decision since the percentage is what it is. */
  readonly users: number;
  readonly decisions: number;
  /** Mean reward of a decision by the age of the look; null: there is none. */
  readonly reward: number | null;
}

export interface GuardrailLook {
  /** 0, 1, .. since the percentage is what it is. */
  readonly index: number;
  /** What it knows: decisions and reactions up to this time, Unix ms. */
  readonly atMs: number;
  /** Rewards within this time of the request count, ms. */
  readonly ageMs: number;
  readonly treated: WatchedArm;
  readonly control: WatchedArm;
  /** Reward per decision that the treated have more, after the adjustment; null: an arm has no decision. */
  readonly difference: number | null;
  /** Of the difference among users who are treated or not since this percentage, at all looks together; null: none is made any more. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** Probability of a false rollback that this look and those before it may have used up, of `alpha`. */
  readonly spent: number;
}

export interface GuardrailState {
  readonly rolloutId: string;
  readonly policy: string;
  /** Percent of the users whom it covers. */
  readonly percent: number;
  /** Of a false rollback, over the whole rollout. */
  readonly alpha: number;
  /** null: none was taken yet. */
  readonly look: GuardrailLook | null;
  /** When stream time must have come that far, Unix ms; null: there is none any more. */
  readonly nextLookMs: number | null;
  /** Why it does not act, whatever it sees; null: it does. */
  readonly why: string | null;
}

/** A sentence without its full stop; null: it is acted on. */
export function whyNotActed({ rollback, sample }: LookVerdict): string | null {
  return whyUndecided(rollback) ?? whyNotComparable(sample);
}

export function guardrailState(
  { id, policy, steps }: RolloutHistory,
  watch: RolloutWatch,
  watermarkMs: number | undefined,
  alpha: number,
): GuardrailState {
  const { percent } = steps.at(-1)!;
  const about = { rolloutId: id, policy, percent, alpha };
  if (isIncomparable(watch.epochs))
    return {
      ...about,
      look: null,
      nextLookMs: null,
      why: nobodyHeldOut(policy),
    };
  const { last } = watch;
  const next = nextLook(watch.epochs, watermarkMs ?? watch.epochs.at(-1)!.startMs);
  return {
    ...about,
    look: last === null ? null : lookOf(last),
    nextLookMs: next?.dueAtMs ?? null,
    why: last === null ? 'the first look is still to come' : whyNotActed(last.verdict),
  };
}

function lookOf({ epoch, verdict: { look, rollback, gain } }: TakenLook): GuardrailLook {
  const arm = ({ users, decisions, reward }: WatchedArm): WatchedArm => ({ users, decisions, reward });
  return {
    index: look.index,
    atMs: look.atMs,
    ageMs: look.ageMs,
    treated: arm(rollback.treated),
    control: arm(rollback.control),
    difference: rollback.difference,
    interval: gain === null ? null : { low: gain.interval.low, high: gain.interval.high },
    spent: epoch.alpha * look.spent,
  };
}
