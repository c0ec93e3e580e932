/**
 * The shadow scores the decisions that the live policy has answered, after they are committed and on their way. Whatever goes wrong here
 * is counted and reported; the live answer is out already.
 */
import { settingsAt } from '../../policies/controls/control.js';
import { epsilonAt } from '../../policies/controls/exploration.js';
import { priorAt } from '../../policies/controls/prior-settings.js';
import { policyNamed, shadowEventName } from '../../policies/registry.js';
import { scoreCandidates } from '../../policies/score.js';
import { scoredEvent } from '../../policies/scored-event.js';
import type { ScoredEvent } from '../../topics.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { ShadowJob } from '../../store/tables/shadow-pending.js';
import type { RewardSettler } from './rewards.js';
import type { ScoringOptions } from './scorer.js';

export type ShadowScore = (job: ShadowJob, nowMs: number) => ScoredEvent | undefined;

/** Scores one job with the shadow that its settings name; undefined when the shadow was turned off for it, or has answered already. */
export function shadowScorer(
  state: PartitionState,
  featureSet: string,
  rewards: RewardSettler,
  { settings: base, livePolicy: defaultPolicy }: ScoringOptions,
): ShadowScore {
  return (job, nowMs) => {
    const { candidates, profile } = job;
    const requestedAtMs = candidates.requested_at_ms;
    const controls = state.controls.shared();
    const settings = settingsAt(controls, requestedAtMs, base);
    const { shadow, salt } = settings;
    if (shadow === null) return undefined;
    const policy = policyNamed(shadow);
    const eventPolicy = shadowEventName(shadow);
    const user = state.users.obtain(candidates.user_id);
    // of a file that a power failure set back: the log has its answer
    if (state.shadowDecisions.has(user.uid, candidates.decision_id)) return undefined;
    const learned = rewards.stateAt(user, eventPolicy, policy, requestedAtMs, true);
    const scored = scoreCandidates({
      policy,
      eventPolicy,
      state: learned,
      prior: priorAt(controls, requestedAtMs, policy),
      decisionId: candidates.decision_id,
      salt,
      epsilon: epsilonAt(settings, { controls, requestedAtMs, defaultPolicy, updates: learned.updates }),
      requestedAtMs,
      utcOffsetMin: candidates.utc_offset_min ?? 0,
      candidates: candidates.candidates,
      profile: profile.features,
    });
    return scoredEvent(scored, {
      decisionId: candidates.decision_id,
      userId: candidates.user_id,
      scoredAtMs: nowMs,
      profile,
      featureSet,
      input: job.input,
      positions: job.positions,
      shadowOf: job.live,
    });
  };
}
