/** tip.scored and tip.scored.shadow: the record with the lowest offset for a decision is the decision; later ones are ignored. */
import type { LogRecord } from '../../log/port.js';
import { decisionIdAhead } from '../../policies/scored-event.js';
import type { ScoredEvent } from '../../topics.js';
import { countPair, recountPair } from '../../store/tables/agreement.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { RewardSettler } from './rewards.js';

export class DecisionFolder {
  readonly #state: PartitionState;
  readonly #rewards: RewardSettler;

  constructor(state: PartitionState, rewards: RewardSettler) {
    this.#state = state;
    this.#rewards = rewards;
  }

  /**
   * Whether the record is, byte for byte, a decision that this worker made and has not read back yet. Then only its offset is new, and the
   * value needs no decoding. Whether the key and the size of the value are allowed is for the caller to say.
   */
  readBack({ key, value, offset }: LogRecord): boolean {
    const decisionId = value === null ? undefined : decisionIdAhead(value);
    if (key === null || decisionId === undefined) return false;
    const { decisions, counts, users } = this.#state;
    const user = users.find(key.toString());
    if (user === undefined || !decisions.readBack(user.uid, decisionId, value!, offset)) return false;
    counts.add('decisions');
    this.#rewards.settle(user, decisionId);
    return true;
  }

  scored(event: ScoredEvent, offset: number): void {
    const { decisions, shadowDecisions, counts, users } = this.#state;
    const user = users.obtain(event.user_id);
    const known = decisions.get(user.uid, event.decision_id);
    if (known?.scoredOffset != null) {
      counts.add('decisions_repeated');
      return;
    }
    const other = shadowDecisions.choice(user.uid, event.decision_id);
    if (known === undefined) {
      decisions.insert(user.uid, event, offset);
      countPair(counts, event.chosen_tip_id, other);
    } else {
      recountPair(counts, known.event.chosen_tip_id, event.chosen_tip_id, other);
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
    countPair(counts, event.chosen_tip_id, decisions.choice(user.uid, event.decision_id));
    this.#rewards.settle(user, event.decision_id);
  }
}
