/** The prunes that a state file records against what they should have taken, and the decisions they closed. */
import type { AuditedClosing, AuditedTip } from '../../store/state-audit.js';
import type { RecordedPrune } from '../../store/prunes.js';
import type { Findings, Report } from './difference.js';
import type { NaiveReward } from './naive-policy.js';
import { concerning, naivelyPruned, type NaivePrune } from './naive-prunes.js';
import { isExplainedBy } from './remembered.js';
import { REPLAYED_TOPICS, type ReplayedTopic, type ReplayedUser } from './replayed.js';

const TIP_TOPICS = ['tip.served', 'tip.feedback'] as const;
/** A reward is made of all of these. */
const REWARD_TOPICS = ['tip.served', 'tip.feedback', 'tip.scored', 'tip.scored.shadow'] as const;

export function naivePrunes(recorded: readonly RecordedPrune[], topicPrefix: string): NaivePrune[] {
  return recorded.map(({ seq, horizonMs, afterUser, toUser, positions }) => ({
    seq, horizonMs, afterUser, toUser, positions: new Map(REPLAYED_TOPICS.map((topic) => [topic, positions.get(topicPrefix + topic) ?? 0])),
  }));
}

/** What the prunes took in all, to be compared with what they say they took. */
export class PruneComparison {
  readonly #prunes: readonly NaivePrune[];
  readonly #recorded: readonly RecordedPrune[];
  readonly #taken = new Map<number, number>();

  constructor(recorded: readonly RecordedPrune[], topicPrefix: string) {
    this.#recorded = recorded;
    this.#prunes = naivePrunes(recorded, topicPrefix);
  }

  /** Those that the user lies in the slice of. */
  concerning(userId: string): NaivePrune[] {
    return this.#prunes.length === 0 ? [] : concerning(this.#prunes, userId);
  }

  /**
   * Takes from `user` what the prunes took; answers what the decisions they closed had earned. A row that the events left cannot explain, and all of the user's
   * could, has a time in it that the log has lost and that kept the prunes from taking it.
   */
  take(user: ReplayedUser, prunes: readonly NaivePrune[], rows: readonly AuditedTip[], incomplete: ReadonlySet<ReplayedTopic>): Map<string, NaiveReward | null> {
    let pruned = naivelyPruned(user, prunes, new Set());
    if (TIP_TOPICS.some((topic) => incomplete.has(topic))) {
      const exempt = rows.filter((row) => !isExplainedBy(row, pruned.tips.get(row.tipId) ?? [], incomplete) && isExplainedBy(row, user.tips.get(row.tipId) ?? [], incomplete));
      if (exempt.length > 0) pruned = naivelyPruned(user, prunes, new Set(exempt.map(({ tipId }) => tipId)));
    }
    user.tips.clear();
    for (const [tipId, events] of pruned.tips) user.tips.set(tipId, events);
    for (const [seq, count] of pruned.taken) this.#taken.set(seq, (this.#taken.get(seq) ?? 0) + count);
    return pruned.closed;
  }

  /** Once all users were taken from. Where the log has lost events there is nothing to compare with. */
  compareCounts(partition: number, incomplete: ReadonlySet<ReplayedTopic>, findings: Findings): void {
    if (TIP_TOPICS.some((topic) => incomplete.has(topic))) return;
    for (const { seq, tips } of this.#recorded) {
      const replayed = this.#taken.get(seq) ?? 0;
      if (tips !== replayed) findings.reporter(partition, null)({ kind: 'prune', id: String(seq), feature: 'tips', live: tips, replayed });
    }
  }
}

/** What only the state file remembers of decisions that were closed goes into `closed`; the rest must be equal. */
export function compareClosed(closed: Map<string, NaiveReward | null>, rows: readonly AuditedClosing[], incomplete: ReadonlySet<ReplayedTopic>, missed: Set<ReplayedTopic>, report: Report): void {
  const lost = REWARD_TOPICS.filter((topic) => incomplete.has(topic));
  const left = new Set(closed.keys());
  for (const { decisionId, earned } of rows) {
    left.delete(decisionId);
    const replayed = closed.get(decisionId);
    if (replayed !== undefined && replayed?.tipId === earned?.tipId && replayed?.reward === earned?.reward) continue;
    if (lost.length > 0) {
      closed.set(decisionId, earned);
      for (const topic of lost) missed.add(topic);
    } else {
      report({ kind: 'closed_decision', id: decisionId, feature: replayed === undefined ? 'row' : 'reward', live: earned ?? 'nothing', replayed: replayed ?? (replayed === null ? 'nothing' : null) });
    }
  }
  for (const decisionId of left) report({ kind: 'closed_decision', id: decisionId, feature: 'row', live: null, replayed: closed.get(decisionId) ?? 'nothing' });
}
