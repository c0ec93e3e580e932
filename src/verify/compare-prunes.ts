/** The prunes that a state file records against what they should have taken, and the decisions they closed. */
import type { AuditedClosing } from '../store/queries/state-audit.js';
import type { RowKind } from '../projections/row-kind.js';
import type { RecordedPrune } from '../store/tables/prunes.js';
import type { Findings } from './difference.js';
import type { NaiveClosing } from './naive-policy.js';
import { KINDS, naiveTip } from './naive-profile.js';
import { concerning, naivelyPruned, type NaivePrune, type Pruned } from './naive-prunes.js';
import { isExplainedBy } from './remembered.js';
import { REBUILT_FROM_TOPICS, REWARD_TOPICS, TIP_TOPICS } from '../topics.js';
import { topicOf, type ReplayedEvent, type ReplayedTopic } from './replayed.js';
import type { UserComparison } from './user-comparison.js';

function naivePrunes(recorded: readonly RecordedPrune[], topicPrefix: string): NaivePrune[] {
  return recorded.map(({ seq, horizonMs, afterUser, toUser, positions }) => ({
    seq,
    horizonMs,
    afterUser,
    toUser,
    positions: new Map(REBUILT_FROM_TOPICS.map((topic) => [topic, positions.get(topicPrefix + topic) ?? 0])),
  }));
}

/** What the prunes took in all, to be compared with what they say they took. */
export class PruneComparison {
  readonly #prunes: readonly NaivePrune[];
  readonly #recorded: readonly RecordedPrune[];
  readonly #taken = new Map<number, number>();
  /** kind -> seq -> how many of its rows */
  readonly #rows: ReadonlyMap<string, Map<number, number>>;
  readonly #kinds: readonly RowKind[];

  /** `kinds`: those whose rows the prunes take besides tips. */
  constructor(recorded: readonly RecordedPrune[], topicPrefix: string, kinds: readonly RowKind[]) {
    this.#kinds = kinds;
    this.#rows = new Map(kinds.map(({ name }) => [name, new Map<number, number>()]));
    this.#recorded = recorded;
    this.#prunes = naivePrunes(recorded, topicPrefix);
  }

  /** Those that the user lies in the slice of. */
  concerning(userId: string): NaivePrune[] {
    return this.#prunes.length === 0 ? [] : concerning(this.#prunes, userId);
  }

  /** Takes from the user what `prunes` took; answers the rewards of the decisions they closed. */
  take(comparison: UserComparison, prunes: readonly NaivePrune[]): ReadonlyMap<string, NaiveClosing> {
    const { user, rules } = comparison;
    let pruned = naivelyPruned(user, prunes, rules.worth);
    const lost = TIP_TOPICS.filter((topic) => comparison.isIncomplete(topic));
    if (lost.length > 0) {
      const otherwise = takenOtherwise(comparison, prunes, pruned);
      if (otherwise.size > 0) {
        pruned = naivelyPruned(user, prunes, rules.worth, otherwise);
        comparison.miss(...lost);
      }
    }
    user.tips.clear();
    for (const [tipId, events] of pruned.tips) user.tips.set(tipId, events);
    for (const [seq, count] of pruned.taken) this.#taken.set(seq, (this.#taken.get(seq) ?? 0) + count);
    return pruned.closed;
  }

  /** A prune took rows of a kind from a user; of other kinds than the registry's it is nothing. */
  takeRows(seq: number, kind: string, count: number): void {
    const taken = this.#rows.get(kind);
    taken?.set(seq, (taken.get(seq) ?? 0) + count);
  }

  /** How many tips the prunes took in all, once all users were taken from. */
  get taken(): number {
    return [...this.#taken.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Once all users were taken from. Where the log has lost events there is nothing to compare with. */
  compareCounts(partition: number, incomplete: ReadonlySet<ReplayedTopic>, findings: Findings): void {
    const report = findings.reporter(partition, null);
    for (const { seq, tips, rows } of this.#recorded) {
      const compare = (feature: string, topics: readonly ReplayedTopic[], live: number, replayed: number): void => {
        if (live !== replayed && !topics.some((topic) => incomplete.has(topic)))
          report({ kind: 'prune', id: String(seq), feature, live, replayed });
      };
      compare('tips', TIP_TOPICS, tips, this.#taken.get(seq) ?? 0);
      for (const { name, topics } of this.#kinds) compare(name, topics, rows.get(name) ?? 0, this.#rows.get(name)!.get(seq) ?? 0);
      for (const [name, count] of rows) if (!this.#rows.has(name)) compare(name, [], count, 0);
    }
  }
}

/**
 * The log has lost events: a time among them may have kept a prune from taking a tip, or an earlier one have let it. Tips whose rows
 * say so, with the prune that took them; what the rows cannot be explained by is left as it is.
 */
function takenOtherwise(
  { user, rows, rules: { incomplete } }: UserComparison,
  prunes: readonly NaivePrune[],
  pruned: Pruned,
): Map<string, number | null> {
  const otherwise = new Map<string, number | null>();
  const byId = new Map(rows.map((row) => [row.tipId, row]));
  for (const [tipId, events] of user.tips) {
    const explains = (left: readonly ReplayedEvent[]) => {
      const row = byId.get(tipId);
      return row === undefined ? left.length === 0 : left.length > 0 && isExplainedBy(row, left, incomplete);
    };
    // A row without any event left may be of lost ones alone; it is looked at when rows are.
    if (explains(pruned.tips.get(tipId) ?? [])) continue;
    if (explains(events)) {
      otherwise.set(tipId, null);
      continue;
    }
    const by = prunes.find(({ horizonMs, positions }) => {
      const early = ({ kind, offset }: ReplayedEvent) => offset < (positions.get(topicOf(kind)) ?? 0);
      const then = naiveTip(tipId, events.filter(early));
      const couldGo = KINDS.every((kind) => then[kind] === null || then[kind] < horizonMs || incomplete.has(topicOf(kind)));
      return couldGo && explains(events.filter((event) => !early(event)));
    });
    if (by !== undefined) otherwise.set(tipId, by.seq);
  }
  return otherwise;
}

/**
 * `replayedClosings` must be those of the state file. Answers the closings to go by: the same, with what only the state file remembers
 * where the log has lost events.
 */
export function compareClosed(
  comparison: UserComparison,
  replayedClosings: ReadonlyMap<string, NaiveClosing>,
): ReadonlyMap<string, NaiveClosing> {
  const { state, uid, report } = comparison;
  const rows: readonly AuditedClosing[] = uid === undefined ? [] : state.closings(uid);
  const lost = REWARD_TOPICS.filter((topic) => comparison.isIncomplete(topic));
  const closed = new Map(replayedClosings);
  const left = new Set(closed.keys());
  for (const { decisionId, earned, promptVersion } of rows) {
    left.delete(decisionId);
    const replayed = closed.get(decisionId);
    const sameReward = replayed !== undefined && replayed.earned?.tipId === earned?.tipId && replayed.earned?.reward === earned?.reward;
    if (sameReward && replayed.promptVersion === promptVersion) continue;
    if (lost.length > 0) {
      closed.set(decisionId, { earned, promptVersion });
      comparison.miss(...lost);
    } else if (sameReward) {
      report({ kind: 'closed_decision', id: decisionId, feature: 'prompt_version', live: promptVersion, replayed: replayed.promptVersion });
    } else {
      report({
        kind: 'closed_decision',
        id: decisionId,
        feature: replayed === undefined ? 'row' : 'reward',
        live: earned ?? 'nothing',
        replayed: replayed === undefined ? null : (replayed.earned ?? 'nothing'),
      });
    }
  }
  for (const decisionId of left) {
    if (lost.length === 0)
      report({
        kind: 'closed_decision',
        id: decisionId,
        feature: 'row',
        live: null,
        replayed: closed.get(decisionId)?.earned ?? 'nothing',
      });
    else closed.delete(decisionId);
    comparison.miss(...lost);
  }
  return closed;
}
