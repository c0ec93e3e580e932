/**
 * What only the state file remembers, where the log has lost events to retention or compaction. A kept time that an event no longer
 * there would explain is taken for such an event, so that the rest of the user - and above all the counts made from it - can still be
 * compared. A value that no further event could explain, such as a later time than the log's, stays a difference.
 */
import type { AuditedDecision, AuditedTip } from '../store/queries/state-audit.js';
import { naiveLinks } from './naive-policy.js';
import { byCodePoint, KINDS, naiveTip } from './naive-profile.js';
import { FROM_STATE, topicOf, type EventKind, type ReplayedDecision, type ReplayedEvent, type ReplayedTopic } from './replayed.js';
import type { UserComparison } from './user-comparison.js';

/** Adds to the user what its rows and links remember. */
export function rememberTips(comparison: UserComparison): void {
  const { user, rows, links, rules } = comparison;
  const { incomplete } = rules;
  const add = (
    tipId: string,
    kind: EventKind,
    atMs: number,
    detail: { category?: string | null; offsetMin?: number | null; decisionId?: string | null; promptVersion?: string | null },
  ) => {
    const { category = null, offsetMin = null, decisionId = null, promptVersion = null } = detail;
    const events = user.tips.get(tipId) ?? [];
    user.tips.set(tipId, [...events, { kind, atMs, category, offsetMin, decisionId, promptVersion, offset: FROM_STATE }]);
    comparison.miss(topicOf(kind));
  };
  for (const row of rows) {
    const replayed = naiveTip(row.tipId, user.tips.get(row.tipId) ?? []);
    if (incomplete.has('tip.served') && isExplained(row.served, replayed.served, row.category, replayed.category, byCodePoint))
      add(row.tipId, 'served', row.served!, { category: row.category });
    if (!incomplete.has('tip.feedback')) continue;
    if (isExplained(row.done, replayed.done, row.doneOffset, replayed.doneOffset, (a, b) => a - b))
      add(row.tipId, 'done', row.done!, { offsetMin: row.doneOffset });
    if (isEarlier(row.dismiss, replayed.dismiss)) add(row.tipId, 'dismiss', row.dismiss!, {});
    if (isEarlier(row.snooze, replayed.snooze)) add(row.tipId, 'snooze', row.snooze!, {});
  }
  if (!incomplete.has('tip.served')) return;
  for (const { tipId, decisionId, servedAtMs, promptVersion } of links) {
    const known = naiveLinks(new Map([[tipId, user.tips.get(tipId) ?? []]]))
      .get(decisionId)
      ?.get(tipId);
    if (isExplained(servedAtMs, known?.servedAtMs ?? null, promptVersion, known?.promptVersion ?? null, byCodePoint))
      add(tipId, 'served', servedAtMs, { decisionId, promptVersion });
  }
}

/** Whether the times of a row are those of these events, as far as no event that may be lost explains them. */
export function isExplainedBy(row: AuditedTip, events: readonly ReplayedEvent[], incomplete: ReadonlySet<ReplayedTopic>): boolean {
  const replayed = naiveTip(row.tipId, events);
  return KINDS.every((kind) => row[kind] === replayed[kind] || (incomplete.has(topicOf(kind)) && isEarlier(row[kind], replayed[kind])));
}

/** Both kinds of decisions of a user, as the state file has them. */
export interface StoredDecisions {
  readonly decision: readonly AuditedDecision[];
  readonly shadow_decision: readonly AuditedDecision[];
}

export function storedDecisions({ state, uid }: UserComparison): StoredDecisions {
  return {
    decision: uid === undefined ? [] : state.decisions(uid, 'decision'),
    shadow_decision: uid === undefined ? [] : state.decisions(uid, 'shadow_decision'),
  };
}

/** Takes over decisions that were read from offsets the log no longer has: the lowest offset is the decision. */
export function rememberDecisions(comparison: UserComparison, stored: StoredDecisions): void {
  takeOver(comparison, 'tip.scored', comparison.user.decisions, stored.decision);
  takeOver(comparison, 'tip.scored.shadow', comparison.user.shadowDecisions, stored.shadow_decision);
}

function takeOver(
  comparison: UserComparison,
  topic: 'tip.scored' | 'tip.scored.shadow',
  decisions: Map<string, ReplayedDecision>,
  stored: readonly AuditedDecision[],
): void {
  if (!comparison.isIncomplete(topic)) return;
  for (const { decisionId, offset, record } of stored) {
    const replayed = decisions.get(decisionId);
    if (offset === null || (replayed !== undefined && replayed.offset <= offset)) continue;
    decisions.set(decisionId, { offset, record });
    comparison.miss(topic);
  }
}

function isEarlier(live: number | null, replayed: number | null): boolean {
  return live !== null && (replayed === null || live < replayed);
}

/** Whether one more event would turn the replayed time and its field into the live ones. */
function isExplained<T>(
  live: number | null,
  replayed: number | null,
  field: T | null,
  replayedField: T | null,
  compare: (a: T, b: T) => number,
): boolean {
  if (live === null) return false;
  if (replayed === null || live < replayed) return true;
  return live === replayed && field !== null && (replayedField === null || compare(field, replayedField) < 0);
}
