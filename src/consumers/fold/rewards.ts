/**
 * Settles a decision: works out its reward from its servings and kept times, and moves the sums of the policy that scored it by the exact
 * difference. Called whenever a decision, a link to it or a kept time of a linked tip arrives, in whatever order they come. A decision
 * that a prune has closed keeps the reward it had then.
 */
import { settingsAt, type PolicySettings } from '../../policies/controls/control.js';
import { applyRewardChange, sumOf } from '../../policies/learning.js';
import { examplesNamed, ownExamples, sumsName, type ExampleSource } from '../../policies/example-source.js';
import { SINCE_EVER, statePartsAt, stateOf, type StatePart } from '../../policies/controls/migration.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { rewardRulesIn, rewardTimeline, type RewardRules, type RewardTimeline } from '../../policies/controls/reward-rules.js';
import { rewardOf, type Reward } from '../../policies/reward.js';
import { emptyState, type RidgeState } from '../../policies/ridge.js';
import { recordedVector } from '../../policies/scored-event.js';
import type { ControlEvent } from '../../topics.js';
import type { DecisionTable, StoredDecision } from '../../store/tables/decisions.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { UserEntry } from '../../store/tables/held/entries.js';
import type { StoredSums } from '../../store/tables/policy-states.js';

export class RewardSettler {
  readonly #state: PartitionState;
  readonly #settings: PolicySettings;
  /** Of these controls: worked out again when there are others. */
  #rules: { readonly of: readonly ControlEvent[]; readonly timeline: RewardTimeline } | undefined;

  constructor(state: PartitionState, settings: PolicySettings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** Again for every decision of the shadow that a late change of its settings can concern. */
  settleShadowsSince(requestedAtMs: number): void {
    this.#settleSince(this.#state.shadowDecisions, requestedAtMs);
  }

  /** Again for every decision that a late change of what reactions are worth can concern. */
  settleAllSince(requestedAtMs: number): void {
    this.#settleSince(this.#state.decisions, requestedAtMs);
  }

  #settleSince(table: DecisionTable, requestedAtMs: number): void {
    for (const { userId, decisionId } of table.requestedSince(requestedAtMs)) this.settle(this.#state.users.obtain(userId), decisionId);
  }

  settle(user: UserEntry, decisionId: string): void {
    const decision = this.#state.decisions.look(user.uid, decisionId);
    if (decision === undefined || decision.scoredOffset === null) return;
    const closed = this.#state.closedDecisions.get(user.uid, decisionId);
    const reward = closed === undefined ? this.#rewardOf(user, decision) : closed.earned;
    this.#learn(user, this.#state.decisions, decision, reward);
    const shadow = this.#state.shadowDecisions.look(user.uid, decisionId);
    if (shadow === undefined) return;
    const learns = settingsAt(this.#state.controls.shared(), decision.requestedAtMs, this.#settings).shadowLearning;
    this.#learn(user, this.#state.shadowDecisions, shadow, learns ? reward : null);
  }

  /**
   * The state of `eventPolicy` for a decision requested at `requestedAtMs`: what was rewarded since the reset in effect then, and what a
   * migration in effect then adds. With `keep` (inside a transaction) sums that begin at another time than the stored ones are stored,
   * so that the next decision finds them at hand.
   */
  stateAt(user: UserEntry, eventPolicy: string, policy: PolicyDefinition, requestedAtMs: number, keep: boolean): RidgeState {
    const controls = this.#state.controls.concerning(user.uid);
    return stateOf(statePartsAt(controls, requestedAtMs, eventPolicy), policy.dimension, (part) => {
      const stored = this.#stored(user, part.examples);
      if (stored?.sinceMs === part.sinceMs) return stored.state;
      const state = this.#sum(user, part);
      if (keep && (stored === undefined || part.sinceMs > stored.sinceMs || isNewest(part)))
        this.#state.policyStates.put(user.uid, sumsName(part.examples), { sinceMs: part.sinceMs, state });
      return state;
    });

    /** Whether decisions requested from now on want it: not so for one that comes late, requested before a reset. */
    function isNewest({ examples, sinceMs }: StatePart): boolean {
      return statePartsAt(controls, Infinity, eventPolicy).some(
        (newest) => sumsName(newest.examples) === sumsName(examples) && newest.sinceMs === sinceMs,
      );
    }
  }

  /** A policy's own sums are there from the first reward on; translated ones are added up when a decision first asks for them. */
  #stored(user: UserEntry, examples: ExampleSource): StoredSums | undefined {
    const stored = this.#state.policyStates.get(user.uid, sumsName(examples), examples.vectors.dimension);
    return stored ?? (examples.translated ? undefined : { sinceMs: SINCE_EVER, state: emptyState(examples.vectors.dimension) });
  }

  #sum(user: UserEntry, { examples, sinceMs }: StatePart): RidgeState {
    return sumOf(
      examples,
      sinceMs,
      [this.#state.decisions, this.#state.shadowDecisions].flatMap((table) => table.rewarded(user.uid, examples.decidedBy)),
    );
  }

  #rewardOf(user: UserEntry, decision: StoredDecision): Reward | null {
    return rewardOf(
      this.#state.links.ofDecision(user.uid, decision.decisionId),
      (tipId) => recordedVector(decision.event, tipId) !== undefined,
      (tipId) => this.#state.tips.obtain(user, tipId).tip,
      this.#rulesAt(decision.requestedAtMs),
    );
  }

  #rulesAt(requestedAtMs: number): RewardRules {
    const controls = this.#state.controls.shared();
    if (this.#rules?.of !== controls) this.#rules = { of: controls, timeline: rewardTimeline(controls) };
    return rewardRulesIn(this.#rules.timeline, requestedAtMs);
  }

  #learn(user: UserEntry, table: DecisionTable, decision: StoredDecision, reward: Reward | null): void {
    const { learned } = decision;
    if (learned?.tipId === reward?.tipId && learned?.reward === reward?.reward) return;
    table.setLearned(decision.key, reward);
    const own = ownExamples(decision.event.policy);
    if (own === undefined) return;
    const translated = this.#state.policyStates
      .translations(user.uid, own.decidedBy)
      .map((name) => examplesNamed(name))
      .filter((examples) => examples !== undefined);
    for (const examples of [own, ...translated]) {
      const { sinceMs, state } = this.#stored(user, examples)!;
      if (decision.requestedAtMs < sinceMs || !applyRewardChange(state, examples, decision.event, learned, reward)) continue;
      this.#state.policyStates.put(user.uid, sumsName(examples), { sinceMs, state });
    }
  }
}
