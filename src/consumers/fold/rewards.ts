/**
 * Settles a decision: works out its reward from its servings and kept times, and moves the sums of the policy that scored it by the exact
 * difference. Called whenever a decision, a link to it or a kept time of a linked tip arrives, in whatever order they come. A decision that a prune has closed
 * keeps the reward it had then.
 */
import { resetAt, settingsAt, countsAfterReset, type PolicySettings } from '../../policies/control.js';
import { applyRewardChange } from '../../policies/learning.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { policyOfEvent } from '../../policies/registry.js';
import { rewardOf, type Reward } from '../../policies/reward.js';
import { emptyState, type RidgeState } from '../../policies/ridge.js';
import { recordedVector } from '../../policies/scored-event.js';
import type { DecisionTable, StoredDecision } from '../../store/decisions.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { UserEntry } from '../../store/entries.js';

/** Stored as reset_at_ms of sums that no reset has cut. */
const NO_RESET = -1;

export class RewardSettler {
  readonly #state: PartitionState;
  readonly #settings: PolicySettings;

  constructor(state: PartitionState, settings: PolicySettings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** Again for every decision of the shadow that a late change of its settings can concern. */
  settleShadowsSince(requestedAtMs: number): void {
    for (const { userId, decisionId } of this.#state.shadowDecisions.requestedSince(requestedAtMs)) this.settle(this.#state.users.obtain(userId), decisionId);
  }

  settle(user: UserEntry, decisionId: string): void {
    const decision = this.#state.decisions.get(user.uid, decisionId);
    if (decision === undefined || decision.scoredOffset === null) return;
    const closed = this.#state.closedDecisions.get(user.uid, decisionId);
    const reward = closed === undefined ? this.#earned(user, decision) : closed.earned;
    this.#learn(user, this.#state.decisions, decision, reward);
    const shadow = this.#state.shadowDecisions.get(user.uid, decisionId);
    if (shadow === undefined) return;
    const learns = settingsAt(this.#state.controls.shared(), decision.requestedAtMs, this.#settings).shadowLearning;
    this.#learn(user, this.#state.shadowDecisions, shadow, learns ? reward : null);
  }

  /**
   * The sums of `eventPolicy` for a decision requested at `requestedAtMs`: what was rewarded since the reset in effect then. With `keep` (inside a
   * transaction) they are stored when a reset has come into effect since, so that the next decision finds them at hand.
   */
  stateAt(user: UserEntry, eventPolicy: string, policy: PolicyDefinition, requestedAtMs: number, keep: boolean): RidgeState {
    const since = resetAt(this.#state.controls.resets(user.uid), requestedAtMs) ?? NO_RESET;
    const stored = this.#state.policyStates.get(user.uid, eventPolicy, policy.dimension) ?? { resetAtMs: NO_RESET, state: emptyState(policy.dimension) };
    if (stored.resetAtMs === since) return stored.state;
    const state = this.#sumSince(user, eventPolicy, policy, since);
    if (keep && since > stored.resetAtMs) this.#state.policyStates.put(user.uid, eventPolicy, since, state);
    return state;
  }

  #earned(user: UserEntry, { decisionId, event }: StoredDecision): Reward | null {
    return rewardOf(
      this.#state.links.ofDecision(user.uid, decisionId),
      (tipId) => recordedVector(event, tipId) !== undefined,
      (tipId) => this.#state.tips.obtain(user, tipId).tip,
    );
  }

  #sumSince(user: UserEntry, eventPolicy: string, policy: PolicyDefinition, since: number): RidgeState {
    const state = emptyState(policy.dimension);
    for (const table of [this.#state.decisions, this.#state.shadowDecisions]) {
      for (const decision of table.rewarded(user.uid, eventPolicy)) {
        if (countsAfterReset(decision.requestedAtMs, since)) applyRewardChange(state, policy, decision.event, null, decision.learned);
      }
    }
    return state;
  }

  #learn(user: UserEntry, table: DecisionTable, decision: StoredDecision, reward: Reward | null): void {
    const { learned } = decision;
    if (learned?.tipId === reward?.tipId && learned?.reward === reward?.reward) return;
    table.setLearned(decision.key, reward);
    const eventPolicy = decision.event.policy;
    const policy = policyOfEvent(eventPolicy);
    if (policy === undefined) return;
    const stored = this.#state.policyStates.get(user.uid, eventPolicy, policy.dimension) ?? { resetAtMs: NO_RESET, state: emptyState(policy.dimension) };
    if (!countsAfterReset(decision.requestedAtMs, stored.resetAtMs)) return;
    if (applyRewardChange(stored.state, policy, decision.event, learned, reward)) {
      this.#state.policyStates.put(user.uid, eventPolicy, stored.resetAtMs, stored.state);
    }
  }
}
