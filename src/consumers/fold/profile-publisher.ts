/** profile.features: the features of users after they changed, as of now; a tombstone for a user who is not known any more. */
import { jsonText } from '../../projections/object-value.js';
import type { Registry } from '../../projections/registry.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { ProfileFeaturesEvent } from '../../topics.js';
import type { ProfileAsOf } from './profile-as-of.js';

export class ProfilePublisher {
  readonly #state: PartitionState;
  readonly #registry: Registry;
  readonly #profiles: ProfileAsOf;
  /** Full name. */
  readonly #topic: string;

  constructor(state: PartitionState, registry: Registry, profiles: ProfileAsOf, topic: string) {
    this.#state = state;
    this.#registry = registry;
    this.#profiles = profiles;
    this.#topic = topic;
  }

  /** Within a transaction: puts into the outbox the profiles of up to `limit` changed users. */
  publish(limit: number, positions: Readonly<Record<string, number>>, nowMs: number, outbox: StoredMessage[]): void {
    for (const uid of this.#state.changedProfiles.take(limit)) {
      const user = this.#state.users.withUid(uid);
      if (user === undefined) continue;
      const { known, features } = this.#profiles.moved(user, nowMs, nowMs);
      const event: ProfileFeaturesEvent = {
        user_id: user.userId,
        as_of_ms: nowMs,
        features,
        feature_set: this.#registry.featureSet,
        positions,
      };
      const value = known ? Buffer.from(jsonText(event)) : null;
      outbox.push(this.#state.outbox.add({ topic: this.#topic, key: Buffer.from(user.userId), value, headers: [] }));
    }
  }
}
