/** tip.served and tip.feedback into tip rows, aggregates, links and rewards. */
import { applyTipChange } from '../../projections/aggregate.js';
import type { Registry } from '../../projections/registry.js';
import { foldFeedback, foldServed, type TipState } from '../../projections/tip.js';
import type { EventOf } from '../../events/decode.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { TipEntry, UserEntry } from '../../store/tables/held/entries.js';
import type { RewardSettler } from './rewards.js';

export class TipFolder {
  readonly #state: PartitionState;
  readonly #registry: Registry;
  readonly #rewards: RewardSettler;
  /** Whether somebody publishes changed profiles. */
  readonly #noteChanges: boolean;

  constructor(state: PartitionState, registry: Registry, rewards: RewardSettler, noteChanges: boolean) {
    this.#state = state;
    this.#registry = registry;
    this.#rewards = rewards;
    this.#noteChanges = noteChanges;
  }

  served(event: EventOf<'tip.served'>, nowMs: number): void {
    const user = this.#state.users.obtain(event.user_id);
    const entry = this.#state.tips.obtain(user, event.tip_id);
    const decisionId = event.decision_id;
    const newLink =
      decisionId != null && this.#state.links.add(user.uid, decisionId, event.tip_id, event.served_at_ms, event.prompt_version ?? null);
    const settled = this.#change(user, entry, foldServed(entry.tip, event), entry.linked || newLink, nowMs);
    if (newLink && !settled) this.#rewards.settle(user, decisionId);
  }

  feedback(event: EventOf<'tip.feedback'>, nowMs: number): void {
    const user = this.#state.users.obtain(event.user_id);
    const entry = this.#state.tips.obtain(user, event.tip_id);
    this.#change(user, entry, foldFeedback(entry.tip, event), entry.linked, nowMs);
  }

  /** Answers whether every decision that names the tip was settled. */
  #change(user: UserEntry, entry: TipEntry, next: TipState, linked: boolean, nowMs: number): boolean {
    const before = entry.tip;
    if (next === before && linked === entry.linked) return false;
    this.#state.tips.change(user, entry, next, linked);
    this.#state.users.markDirty(user);
    if (next === before) return false;
    if (this.#noteChanges) this.#state.changedProfiles.note(user);
    applyTipChange(this.#registry, user.aggregate, before, next, nowMs);
    if (!linked) return false;
    for (const decisionId of this.#state.links.decisionsOfTip(user.uid, entry.tipId)) this.#rewards.settle(user, decisionId);
    return true;
  }
}
