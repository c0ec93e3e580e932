/** tip.scored and tip.scored.shadow: the record with the lowest offset for a decision is the decision; later ones are ignored. */
import type { ScoredEvent } from '../../topics.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { RewardSettler } from './rewards.js';

export class DecisionFolder {
  readonly #state: PartitionState;
  readonly #rewards: RewardSettler;

  constructor(state: PartitionState, rewards: RewardSettler) {
    this.#state = state;
    this.#rewards = rewards;
  }

  scored(event: ScoredEvent, offset: number): void {
    const { decisions, shadowDecisions, counts, users } = this.#state;
    const user = users.obtain(event.user_id);
    const known = decisions.get(user.uid, event.decision_id);
    if (known?.scoredOffset != null) {
      counts.add('decisions_repeated');
      return;
    }
    if (known === undefined) {
      decisions.insert(user.uid, event, offset);
      this.#compare(event.chosen_tip_id, shadowDecisions.get(user.uid, event.decision_id)?.event.chosen_tip_id);
    } else {
      decisions.record(known.key, event, offset);
    }
    counts.add('decisions');
    this.#rewards.settle(user, event.decision_id);
  }

  shadow(event: ScoredEvent, offset: number): void {
    const { decisions, shadowDecisions, counts, users } = this.#state;
    const user = users.obtain(event.user_id);
    if (shadowDecisions.has(user.uid, event.decision_id)) {
      counts.add('decisions_repeated');
      return;
    }
    shadowDecisions.insert(user.uid, event, offset);
    this.#compare(event.chosen_tip_id, decisions.get(user.uid, event.decision_id)?.event.chosen_tip_id);
    this.#rewards.settle(user, event.decision_id);
  }

  /** Counted once per decision, when the second of the pair arrives. */
  #compare(chosen: string, other: string | undefined): void {
    if (other === undefined) return;
    this.#state.counts.add('shadow_compared');
    if (chosen === other) this.#state.counts.add('shadow_agreed');
  }
}
