/** Answers candidates with a decision of the live policy, from the state of this partition as it stands. */
import { jsonText } from '../../projections/object-value.js';
import type { TraceContext } from '../../events/trace-context.js';
import type { FeatureValues } from '../../projections/feature.js';
import type { Registry } from '../../projections/registry.js';
import { liveAt, settingsAt, type PolicySettings } from '../../policies/controls/control.js';
import { epsilonAt } from '../../policies/controls/exploration.js';
import { priorAt } from '../../policies/controls/prior-settings.js';
import { policyNamed } from '../../policies/registry.js';
import { scoreCandidates } from '../../policies/score.js';
import { scoredEvent } from '../../policies/scored-event.js';
import type { CandidatesEvent, ScoredEvent } from '../../topics.js';
import { countPair } from '../../store/tables/agreement.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { UserEntry } from '../../store/tables/held/entries.js';
import type { ProfileAsOf } from './profile-as-of.js';
import type { RewardSettler } from './rewards.js';

export interface ScoringOptions {
  readonly livePolicy: string;
  readonly settings: PolicySettings;
}

/** What is to be scored, and what the caller decides besides. */
export interface ScoreCommand {
  readonly candidates: CandidatesEvent;
  /** Scored by this policy; undefined: by the live one. */
  readonly policy?: string | undefined;
  /** Used as they are; undefined: read from the projection. */
  readonly profile?: FeatureValues | undefined;
  /** The trace that the decision belongs to. */
  readonly trace?: TraceContext | undefined;
}

/** Where the request came from, for the record. */
export interface ScoringInput {
  readonly input: ScoredEvent['input'];
  /** topic -> next offset of all inputs of this partition as of now. */
  readonly positions: ScoredEvent['positions'];
}

/** A decision that was just made. Its event is encoded once: the decision's row and the message to the log hold the same bytes. */
export interface MadeDecision {
  readonly event: ScoredEvent;
  /** `event` as JSON. */
  readonly record: string;
}

export class Scorer {
  readonly #state: PartitionState;
  readonly #registry: Registry;
  readonly #profiles: ProfileAsOf;
  readonly #rewards: RewardSettler;
  readonly #options: ScoringOptions;

  constructor(state: PartitionState, registry: Registry, profiles: ProfileAsOf, rewards: RewardSettler, options: ScoringOptions) {
    this.#state = state;
    this.#registry = registry;
    this.#profiles = profiles;
    this.#rewards = rewards;
    this.#options = options;
  }

  /** Decides and remembers that it did; the caller publishes the event. undefined: the decision exists already. */
  decide(command: ScoreCommand, from: ScoringInput, nowMs: number): MadeDecision | undefined {
    const { candidates: request } = command;
    const { decisions, shadowDecisions, users, counts } = this.#state;
    const user = users.obtain(request.user_id);
    if (decisions.has(user.uid, request.decision_id)) {
      counts.add('candidates_repeated');
      return undefined;
    }
    const profile = command.profile ?? this.#profiles.moved(user, request.requested_at_ms, nowMs).features;
    const event = this.#score(user, command, profile, from, nowMs, true);
    const record = jsonText(event);
    decisions.insert(user.uid, event, null, record);
    countPair(counts, event.chosen_tip_id, shadowDecisions.choice(user.uid, event.decision_id));
    const { shadow } = this.#settingsAt(request.requested_at_ms);
    if (shadow !== null) {
      this.#state.shadowPending.add({
        candidates: request,
        live: event.policy,
        profile: event.profile,
        input: from.input,
        positions: from.positions,
        ...(command.trace === undefined ? {} : { trace: command.trace }),
      });
    }
    return { event, record };
  }

  /** Scores without remembering anything: no transaction is needed. */
  preview(command: ScoreCommand, from: ScoringInput, nowMs: number): ScoredEvent {
    const { candidates: request } = command;
    const user = this.#state.users.find(request.user_id) ?? this.#state.users.stranger(request.user_id);
    return this.#score(user, command, command.profile ?? this.#profiles.seen(user, request.requested_at_ms).features, from, nowMs, false);
  }

  #score(
    user: UserEntry,
    { candidates: request, policy: named }: ScoreCommand,
    profile: FeatureValues,
    from: ScoringInput,
    nowMs: number,
    keep: boolean,
  ): ScoredEvent {
    const requestedAtMs = request.requested_at_ms;
    const policy = policyNamed(named ?? liveAt(this.#state.controls.shared(), requestedAtMs, request.user_id, this.#options.livePolicy));
    const controls = this.#state.controls.shared();
    const settings = this.#settingsAt(requestedAtMs);
    const state = this.#rewards.stateAt(user, policy.name, policy, requestedAtMs, keep);
    const { livePolicy: defaultPolicy } = this.#options;
    const scored = scoreCandidates({
      policy,
      eventPolicy: policy.name,
      state,
      prior: priorAt(controls, requestedAtMs, policy),
      decisionId: request.decision_id,
      salt: settings.salt,
      epsilon: epsilonAt(settings, { controls, requestedAtMs, defaultPolicy, updates: state.updates }),
      requestedAtMs,
      utcOffsetMin: request.utc_offset_min ?? 0,
      candidates: request.candidates,
      profile,
    });
    return scoredEvent(scored, {
      decisionId: request.decision_id,
      userId: request.user_id,
      scoredAtMs: nowMs,
      profile: { as_of_ms: requestedAtMs, features: profile },
      featureSet: this.#registry.featureSet,
      input: from.input,
      positions: from.positions,
    });
  }

  #settingsAt(requestedAtMs: number): PolicySettings {
    return settingsAt(this.#state.controls.shared(), requestedAtMs, this.#options.settings);
  }
}
