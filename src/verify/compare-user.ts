/** Everything that a partition says of one user, against the replay. */
import { TipstreamError } from '../errors.js';
import type { KindSet } from '../projections/row-counts.js';
import type { StateAudit } from '../store/queries/state-audit.js';
import { compareActivity } from './activity/compare-activity.js';
import { comparePolicy } from './compare-policy.js';
import { compareClosed, type PruneComparison } from './compare-prunes.js';
import { compareProfile } from './compare-profile.js';
import { compareTips, compareUserRow } from './compare-tips.js';
import type { DefinedComparison } from './defined/compare-defined.js';
import type { Findings, Report } from './difference.js';
import type { NaiveClosing } from './naive-policy.js';
import type { Provable } from './provable.js';
import { rememberDecisions, rememberTips, storedDecisions } from './remembered.js';
import type { ReplayedUser } from './replayed.js';
import { beginComparison, type PolicyRules, type UserComparison } from './user-comparison.js';

/** What all users of a partition are compared by. */
export interface UserComparisonOptions {
  readonly state: StateAudit;
  readonly asOfMs: number;
  readonly provable: Provable;
  /** Of the registry. */
  readonly kinds: readonly KindSet[];
  /** Whether the state file holds any decision. */
  readonly withDecisions: boolean;
  readonly prunes: PruneComparison;
  /** Of features that a file defines. */
  readonly defined: DefinedComparison | undefined;
  readonly rules: PolicyRules;
  readonly partition: number;
  readonly findings: Findings;
}

/** `user` is the comparison's from here on. */
export function compareUser(user: ReplayedUser, options: UserComparisonOptions): void {
  const { state, asOfMs, provable, kinds, withDecisions, prunes, defined, rules, partition, findings } = options;
  const { userId } = user;
  const report = findings.reporter(partition, userId);
  const stored = readable(() => state.user(userId), report);
  const comparison = beginComparison({
    user,
    state,
    stored,
    rows: stored === undefined ? [] : state.tips(stored.uid),
    links: stored === undefined || !withDecisions ? [] : state.links(stored.uid),
    rules,
    report,
  });
  const closed = compareClosed(comparison, takePruned(comparison, prunes));
  rememberTips(comparison);

  const differingTips = compareTips(user.tips, comparison.rows, report);
  if (stored !== undefined) compareUserRow(stored, user.tips, state.times(stored.uid), report);
  const live = readable(() => state.profile(userId, asOfMs), report);
  compareProfile(comparison, live, { asOfMs, provable, differingTips });
  const concerned = prunes.concerning(userId);
  const took = (seq: number, kind: string, count: number) => prunes.takeRows(seq, kind, count);
  compareActivity(comparison, live?.features, {
    asOfMs,
    provable,
    prunes: concerned,
    took,
    kinds,
    rows: state.rows(userId),
    rowCounts: stored === undefined ? undefined : readable(() => state.rowCounts(stored.uid), report),
  });
  const open = defined?.compare({ userId, live, asOfMs, prunes: concerned, took, report });
  if (open !== undefined && open.size > 0) comparison.miss(...open);
  if (withDecisions || user.decisions.size > 0 || user.shadowDecisions.size > 0) comparePolicy(comparison, closed);
  if (comparison.missed.size > 0) findings.cannotProve(partition, userId, comparison.missed);
}

/** What the prunes took goes from the user; answers the decisions that they closed, with their rewards. */
function takePruned(comparison: UserComparison, prunes: PruneComparison): ReadonlyMap<string, NaiveClosing> {
  const concerned = prunes.concerning(comparison.user.userId);
  if (concerned.length === 0) return new Map();
  rememberDecisions(comparison, storedDecisions(comparison));
  return prunes.take(comparison, concerned);
}

/** Cached counts that cannot even be read are a difference, and no reason to stop. */
function readable<T extends object>(read: () => T | undefined, report: Report): T | undefined {
  try {
    return read();
  } catch (error) {
    const damage = error instanceof TipstreamError ? error.cause : error;
    if (!(damage instanceof SyntaxError)) throw error;
    report({ kind: 'user', feature: 'counters', live: damage.message, replayed: 'counts' });
    return undefined;
  }
}
