/** policy.control: the first record of a control_id counts; what holds when is decided by effective_at_ms, never by arrival. */
import { isOfOneUser, SHADOW_OFF } from '../../policies/control.js';
import { migrationRefusal } from '../../policies/migration.js';
import { findPolicy, POLICIES } from '../../policies/registry.js';
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

  /** Answers a rejection when the control names a policy that this tipstream does not have, or a migration between policies whose vectors do not fit. */
  control(event: ControlEvent, offset: number): Rejected | undefined {
    for (const name of [event.policy, event.from, event.settings?.shadow]) {
      if (name != null && name !== SHADOW_OFF && findPolicy(name) === undefined) {
        return reject('unknown_policy', `policy: ${JSON.stringify(name)} is none of ${POLICIES.map((policy) => policy.name).join(', ')}`);
      }
    }
    const refusal = migrationRefusal(event);
    if (refusal !== undefined) return reject('invalid_event', `from: ${refusal}`);
    const user = isOfOneUser(event) ? this.#state.users.obtain(event.user_id!) : undefined;
    if (!this.#state.controls.add(event, user?.uid ?? null, offset)) return undefined;
    this.#state.tallies.add('controls');
    if (event.settings?.shadow_learning != null) this.#rewards.settleShadowsSince(event.effective_at_ms);
    return undefined;
  }
}
