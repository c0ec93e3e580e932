/** policy.control: the first record of a control_id counts; what holds when is decided by effective_at_ms, never by arrival. */
import { controlRefusal } from '../../policies/controls/control-refusal.js';
import { userOfControl } from '../../events/control-user.js';
import { reject, type Rejected } from '../../events/rejection.js';
import type { ControlEvent } from '../../topics.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { RewardSettler } from './rewards.js';

export class ControlFolder {
  readonly #state: PartitionState;
  readonly #rewards: RewardSettler;

  constructor(state: PartitionState, rewards: RewardSettler) {
    this.#state = state;
    this.#rewards = rewards;
  }

  /**
   * Answers a rejection when the control names a policy that this tipstream does not have, or a migration between policies whose vectors
   * do not fit.
   */
  control(event: ControlEvent, offset: number): Rejected | undefined {
    const refusal = controlRefusal(event);
    if (refusal !== undefined) return reject(refusal.code, refusal.message);
    const userId = userOfControl(event);
    const user = userId === null ? undefined : this.#state.users.obtain(userId);
    if (!this.#state.controls.add(event, user?.uid ?? null, offset)) return undefined;
    this.#state.counts.add('controls');
    if (event.settings?.rewards != null) this.#rewards.settleAllSince(event.effective_at_ms);
    if (event.settings?.shadow_learning != null) this.#rewards.settleShadowsSince(event.effective_at_ms);
    return undefined;
  }
}
