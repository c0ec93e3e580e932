/**
 * user.forgotten: everything of the user below the event's positions goes, and what comes from below them later is passed over. What lies
 * at or beyond them is the user's new beginning, so it must not be in the state yet when the event is folded: whoever reads several topics
 * reads this one to its end first, and the event is written while the partition is held.
 */
import { TipstreamError } from '../../errors.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import type { ForgottenEvent } from '../../topics.js';

export interface ForgetFolderDeps {
  readonly state: PartitionState;
  /** topic -> next offset, as far as the batch has come. */
  readonly positions: () => ReadonlyMap<string, number>;
  /** Full name of the compacted topic whose readers are told; undefined: they are not, because their records are deleted. */
  readonly tombstonesTo: string | undefined;
}

export class ForgetFolder {
  readonly #deps: ForgetFolderDeps;

  constructor(deps: ForgetFolderDeps) {
    this.#deps = deps;
  }

  /** Throws state_mismatch when the state already holds what the user has beyond the positions. */
  forgotten({ user_digest: digest, positions }: ForgottenEvent, outbox: StoredMessage[]): void {
    const { state, tombstonesTo } = this.#deps;
    const isNews = state.forgotten.add(digest, positions);
    if (!isNews) return;
    const userId = state.forgetUser(digest);
    if (userId === undefined) return;
    this.#refuseBeyond(positions);
    if (tombstonesTo !== undefined)
      outbox.push(state.outbox.add({ topic: tombstonesTo, key: Buffer.from(userId), value: null, headers: [] }));
  }

  /** What was applied from beyond cannot be told from what is to go. */
  #refuseBeyond(positions: ForgottenEvent['positions']): void {
    for (const [topic, next] of this.#deps.positions()) {
      const below = positions[topic];
      if (below === undefined || next <= below) continue;
      throw new TipstreamError(
        'state_mismatch',
        `${this.#deps.state.path} has applied ${topic} up to offset ${next}, beyond ${below}, where a forgotten user begins anew`,
        {
          hint: 'Move the state file away (with its -wal and -shm) and start again: it is folded again from the log, without the user.',
          details: { topic, position: next, below },
        },
      );
    }
  }
}
