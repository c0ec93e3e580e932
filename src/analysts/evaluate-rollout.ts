/**
 * The two arms of a rollout compared, from the decisions that a data directory holds: the looks that are due are taken in their order,
 * each as of its own time, so that whoever asks at another time or from another place gets the same. Reads only; the service may run
 * meanwhile.
 */
import { documentHash } from '../evaluation/evidence.js';
import type { Interval } from '../evaluation/confidence.js';
import type { ArmReport } from '../evaluation/rollouts/comparison.js';
import { nextLook, rolloutEpochs } from '../evaluation/rollouts/rollout-looks.js';
import type { SampleRatio } from '../evaluation/rollouts/sample-ratio.js';
import type { SegmentVerdict } from '../evaluation/rollouts/segments.js';
import { ROLLOUT_THRESHOLDS } from '../evaluation/rollouts/thresholds.js';
import { ROLLOUT_VERDICT_THRESHOLDS } from '../evaluation/rollout-verdict/thresholds.js';
import { alphaMeans, judgeRollout, type RolloutVerdict } from '../evaluation/rollout-verdict/verdict.js';
import { TipstreamError } from '../errors.js';
import type { AppliedRecord } from '../log/record-hash.js';
import type { PolicySettings } from '../policies/controls/control.js';
import { rolloutTerms } from '../policies/controls/promotion-terms.js';
import type { RewardsDocument } from '../policies/controls/reward-rules.js';
import { rolloutHistory, type RolloutHistory } from '../policies/controls/rollout-history.js';
import { policyHash } from '../policies/policy-hash.js';
import { policyNamed } from '../policies/registry.js';
import { vectorFingerprint } from '../policies/vector-fingerprint.js';
import { stateFiles, type StateSource } from '../store/directory/state-files.js';
import { positionsOf, type Positions } from '../store/queries/profiles.js';
import type { ControlEvent } from '../topics.js';
import { survey, takeLooks, type LooksOptions } from './rollout-looks.js';

export interface RolloutArm {
  readonly policy: string;
  /** With a decision since the percentage is what it is. */
  readonly users: number;
  readonly decisions: number;
  readonly reward_per_decision: number | null;
  readonly reward_per_user: number | null;
}

export interface RolloutArms {
  readonly treated: RolloutArm;
  readonly control: RolloutArm;
}

export interface RolloutSegment {
  readonly dimension: string;
  /** One segment; those that are judged together. */
  readonly segments: readonly string[];
  readonly treated_users: number;
  readonly control_users: number;
  readonly difference: number | null;
  /** Of the difference, this look alone. */
  readonly low: number;
  readonly high: number;
  /** That chance makes the worst of all segments look as harmful; null: too few users. */
  readonly harm_p: number | null;
  readonly harmed: boolean;
  readonly harm_excluded: boolean;
  /** How many more users like these would tell, if it is not worse. */
  readonly users_missing: number;
}

export interface SampleRatioDocument {
  /** Decisions that the placement gives to one arm and the log to the other. */
  readonly misplaced: number;
  /** Of the users with a decision before, who came back. */
  readonly returned: SampleRatio['returned'];
  /** With a decision since; what chance would place among the policy's users, 0 to 1. */
  readonly arrived: { readonly treated: number; readonly control: number; readonly expected_share: number; readonly differ: boolean };
  readonly decisions_per_user: SampleRatio['decisionsPerUser'];
}

/** A document that `promote --evidence` accepts, when its verdict is PROMOTE. Times in Unix ms. */
export interface RolloutEvaluation extends RolloutVerdict {
  readonly rollout_id: string;
  readonly policy: string;
  readonly policy_hash: string;
  readonly vectors: string;
  readonly feature_set: string;
  /** Who decides for the users who are not in the rollout. */
  readonly baseline: string;
  /** What the policy goes on with: see policies/controls/promotion-terms.ts. */
  readonly sums: readonly string[];
  readonly epsilon: number;
  readonly epsilon_min: number | null;
  readonly epsilon_decay: number | null;
  readonly salt: string;
  readonly rewards: RewardsDocument;
  readonly lambda: number;
  /** control_id of the prior that its theta starts from; null: none. */
  readonly prior: string | null;
  /** Of the users whom it covers. */
  readonly percent: number;
  /** 1, 2, ..: how many percentages the rollout has had. */
  readonly epoch: number;
  /** Of the tests at this percentage, and what that means. */
  readonly alpha: number;
  readonly alpha_means: string;
  /** Decisions from since_ms, when the percentage became what it is, to until_ms are compared. */
  readonly since_ms: number;
  readonly until_ms: number | null;
  /** The look that compares; null: there was none that did. */
  readonly look: {
    readonly index: number;
    readonly at_ms: number;
    /** Rewards within this time of the request count. */
    readonly age_ms: number;
    /** Of a gain there is no later look at this percentage. */
    readonly is_final: boolean;
  } | null;
  /** When events must have come so far for the next look; null: there is none any more. */
  readonly next_look_ms: number | null;
  /** How far events have come; null: that cannot be told. */
  readonly stream_time_ms: number | null;
  /** Who is compared for a gain: after a raise those who are newly covered with those who are not. null: see `look`. */
  readonly arms: RolloutArms | null;
  /** Everybody, of the newest look: by these a rollout is taken back. */
  readonly everybody:
    | (RolloutArms & {
        readonly difference: number | null;
        /** When its time was, Unix ms. */
        readonly at_ms: number;
        /** Share of the placements that look at least as harmful at this look alone; null: nothing is decided. */
        readonly harm_p: number | null;
        /** About at or below this the guardrail takes it back at this look: what alpha allows it beyond the looks before. */
        readonly acts_at_p: number;
      })
    | null;
  /** Reward per decision that the policy's users have more, after the adjustment; and its interval at all looks together. */
  readonly difference: number | null;
  readonly interval: Interval | null;
  /** A difference that this look would show in four of five rollouts; null: none, whatever it is. */
  readonly could_find: number | null;
  readonly sample_ratio: SampleRatioDocument | null;
  readonly segments: readonly RolloutSegment[];
  readonly positions: Positions;
  /** Partitions whose users were not compared, ascending: other members of the group hold them. */
  readonly partitions_missing: readonly number[];
  /** topic -> partition -> the record applied last. */
  readonly records: Readonly<Record<string, Readonly<Record<string, AppliedRecord>>>>;
  readonly evaluated_at_ms: number;
  readonly thresholds: typeof ROLLOUT_VERDICT_THRESHOLDS;
  /** Over all the rest: see evaluation/evidence.ts. */
  readonly hash: string;
}

export interface RolloutOptions extends LooksOptions {
  readonly state: StateSource;
  /** Undefined: the newest. */
  readonly rolloutId: string | undefined;
  /** What holds where no control says otherwise. */
  readonly settings: PolicySettings;
}

/** Throws not_found for a rollout that there is not, no_data, state_mismatch, state_incomplete and the signal's reason. */
export async function evaluateRollout(question: RolloutOptions): Promise<RolloutEvaluation> {
  const { state, registry, controls, nowMs, defaultPolicy, settings } = question;
  const history = historyNamed(controls, nowMs, question.rolloutId);
  const policy = policyNamed(history.policy);
  const epochs = rolloutEpochs(history, ROLLOUT_THRESHOLDS.alpha);
  const epoch = epochs.at(-1)!;
  const present = stateFiles(state, registry);
  const seen = await survey(present.files, epochs[0]!.startMs, question);
  const taken = await takeLooks(history, epochs, seen, question);
  const { newest, gained } = taken;
  // Who is live beside it: of a rollout that is over, until then.
  const terms = rolloutTerms(controls, epoch.endMs === null ? nowMs : epoch.endMs - 1, policy, defaultPolicy, settings);
  const next = nextLook(epochs, seen.streamTimeMs ?? epoch.startMs);
  const verdict = judgeRollout({
    policy: policy.name,
    baseline: terms.baseline,
    epochs,
    endedAtMs: epoch.endMs,
    newest,
    gain: gained?.gain ?? null,
    harm: taken.harm,
    segments: taken.segments,
    couldFind: taken.couldFind,
    next,
    changedAtMs: terms.changedAtMs,
  });
  const sides = (of: { readonly treated: ArmReport; readonly control: ArmReport }): RolloutArms => ({
    treated: armOf(policy.name, of.treated),
    control: armOf(terms.baseline, of.control),
  });
  const document = {
    rollout_id: history.id,
    policy: policy.name,
    policy_hash: policyHash(policy),
    vectors: vectorFingerprint(policy),
    feature_set: registry.featureSet,
    baseline: terms.baseline,
    sums: terms.sums,
    ...terms.exploration,
    salt: terms.salt,
    rewards: terms.rewards,
    lambda: terms.lambda,
    prior: terms.prior,
    percent: epoch.everybody.percent,
    epoch: epoch.number,
    alpha: epoch.alpha,
    alpha_means: alphaMeans(epoch),
    since_ms: epoch.startMs,
    until_ms: gained?.look.after.toMs ?? null,
    look:
      gained === null
        ? null
        : {
            index: gained.look.index,
            at_ms: gained.look.atMs,
            age_ms: gained.look.ageMs,
            is_final: gained.look.gainSpent === 1,
          },
    next_look_ms: next?.dueAtMs ?? null,
    stream_time_ms: seen.streamTimeMs ?? null,
    arms: gained === null ? null : sides(gained.gain),
    everybody:
      newest === null
        ? null
        : {
            ...sides(newest.rollback),
            difference: newest.rollback.difference,
            at_ms: newest.look.atMs,
            harm_p: newest.rollback.p,
            acts_at_p: epoch.alpha * (newest.look.spent - taken.spentBefore),
          },
    difference: gained?.gain.difference ?? null,
    interval: gained === null ? null : { low: gained.gain.interval.low, high: gained.gain.interval.high },
    could_find: taken.couldFind,
    sample_ratio: newest === null ? null : sampleDocument(newest.sample),
    segments: taken.segments.map(segmentDocument),
    positions: positionsOf(seen.positions),
    partitions_missing: present.missing,
    records: seen.records,
    evaluated_at_ms: nowMs,
    thresholds: ROLLOUT_VERDICT_THRESHOLDS,
    ...verdict,
  };
  return { ...document, hash: documentHash(document) };
}

/** Throws not_found. */
function historyNamed(controls: readonly ControlEvent[], nowMs: number, id: string | undefined): RolloutHistory {
  const all = rolloutHistory(controls, nowMs);
  const found = id === undefined ? all.at(-1) : all.findLast((one) => one.id === id);
  if (found !== undefined) return found;
  if (all.length === 0)
    throw new TipstreamError('not_found', 'there is no rollout: no policy has been promoted yet', {
      hint: 'Begin one: `tipstream promote NAME --evidence FILE --percent 10`.',
    });
  const known = all.slice(-5).map(({ id: one, policy }) => `${one} (${policy})`);
  throw new TipstreamError('not_found', `there is no rollout ${JSON.stringify(id)}`, {
    hint: `Give the id of one that there is, such as ${known.reverse().join(', ')}; or none, for the newest.`,
  });
}

function armOf(policy: string, { users, decisions, reward, rewardPerUser }: ArmReport): RolloutArm {
  return { policy, users, decisions, reward_per_decision: reward, reward_per_user: rewardPerUser };
}

function sampleDocument({ misplaced, returned, arrived, decisionsPerUser }: SampleRatio): SampleRatioDocument {
  const { treated, control, expectedShare, differ } = arrived;
  return {
    misplaced,
    returned,
    arrived: { treated, control, expected_share: expectedShare, differ },
    decisions_per_user: decisionsPerUser,
  };
}

function segmentDocument(of: SegmentVerdict): RolloutSegment {
  return {
    dimension: of.dimension,
    segments: of.segments,
    treated_users: of.treated.users,
    control_users: of.control.users,
    difference: of.difference,
    low: of.interval.low,
    high: of.interval.high,
    harm_p: of.harmP,
    harmed: of.harmed,
    harm_excluded: of.notWorse,
    users_missing: of.notWorse ? 0 : of.usersMissing,
  };
}
