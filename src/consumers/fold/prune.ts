/**
 * Forgets tips all of whose times lie before a horizon, with their entries in the time index and their links. A decision known from
 * the log that one of these links names is closed with its reward, and with the prompt version with which it was served. After
 * that the state is a function of what it was and of the events that follow, in any order.
 */
import { applyTipChange } from '../../projections/aggregate.js';
import { concerns } from '../../projections/prune.js';
import { NO_TIP } from '../../projections/tip.js';
import type { Registry } from '../../projections/registry.js';
import { servedCandidate } from '../../policies/reward.js';
import { recordedVector } from '../../policies/scored-event.js';
import type { UserEntry } from '../../store/tables/held/entries.js';
import type { PartitionState } from '../../store/partition-state.js';
import type { RecordedPrune } from '../../store/tables/prunes.js';
import type { UserSummary } from '../../store/tables/users.js';

/** The count of tips pruned since the state file was made, among the counts. */
export const PRUNED_TIPS = 'pruned_tips';

const USERS_AT_ONCE = 1_000;
/** Looking at a user takes about as long as looking at so many of their tips. */
const ROWS_PER_USER = 8;

/** Where a slice ends, whichever comes first; always behind a user. */
export interface SliceLimits {
  /** Tips looked at. */
  readonly rows: number;
  /** Tips that went. */
  readonly tips: number;
}

export interface PrunedSlice {
  /** The last user of the slice; null: it goes to the end. */
  readonly toUser: string | null;
  /** How many tips went. */
  readonly tips: number;
  /** kind -> how many of its rows went. */
  readonly rows: ReadonlyMap<string, number>;
}

/** Within a transaction: prunes the users after `afterUser`, as many as the limits allow. */
export function pruneSlice(
  state: PartitionState,
  registry: Registry,
  horizonMs: number,
  afterUser: string,
  limits: SliceLimits,
  nowMs: number,
): PrunedSlice {
  let [looked, tips, last] = [0, 0, afterUser];
  const rows = new Map<string, number>();
  for (;;) {
    const users = state.users.after(last, USERS_AT_ONCE);
    if (users.length === 0) return { toUser: null, tips, rows };
    for (const { userId, uid, tips: count } of users) {
      last = userId;
      if (count > 0) tips += pruneUser(state, registry, userId, uid, horizonMs, nowMs);
      pruneRows(state, uid, horizonMs, nowMs, rows);
      looked += count + ROWS_PER_USER;
      if (looked >= limits.rows || tips + sumOf(rows) >= limits.tips) return { toUser: userId, tips, rows };
    }
  }
}

export function sumOf(rows: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const count of rows.values()) sum += count;
  return sum;
}

/**
 * Does to this state, folded to exactly the prune's positions, what the prune did to the state that recorded it, and records it with
 * what went; in a transaction of its own. Answers what went: as much as then, unless one of the states is not what the log says, or has
 * other kinds of rows.
 */
export function repeatPrune(state: PartitionState, registry: Registry, prune: RecordedPrune): Pick<RecordedPrune, 'tips' | 'rows'> {
  const { horizonMs, afterUser, toUser, prunedAtMs } = prune;
  return state.transaction(prunedAtMs, () => {
    let tips = 0;
    const rows = new Map<string, number>();
    for (const { userId, uid, tips: count } of usersIn(state, afterUser, toUser)) {
      if (count > 0) tips += pruneUser(state, registry, userId, uid, horizonMs, prunedAtMs);
      pruneRows(state, uid, horizonMs, prunedAtMs, rows);
    }
    state.prunes.add({ ...prune, tips, rows });
    state.counts.add(PRUNED_TIPS, tips);
    return { tips, rows };
  });
}

function* usersIn(state: PartitionState, afterUser: string, toUser: string | null): Generator<UserSummary> {
  for (let last = afterUser; ; ) {
    const users = state.users.after(last, USERS_AT_ONCE);
    if (users.length === 0) return;
    for (const user of users) {
      if (!concerns({ afterUser, toUser }, user.userId)) return;
      yield user;
      last = user.userId;
    }
  }
}

/** Adds to `went` how many rows of each kind went. */
function pruneRows(state: PartitionState, uid: number, horizonMs: number, nowMs: number, went: Map<string, number>): void {
  for (const table of state.rows.kinds) {
    const count = table.prune(uid, horizonMs, nowMs);
    if (count > 0) went.set(table.kind.name, (went.get(table.kind.name) ?? 0) + count);
  }
}

/** Answers how many tips went. */
function pruneUser(state: PartitionState, registry: Registry, userId: string, uid: number, horizonMs: number, nowMs: number): number {
  const old = state.tips.olderThan(uid, horizonMs);
  if (old.length === 0) return 0;
  const user = state.users.find(userId)!;
  for (const { tipId, tip, linked } of old) {
    if (linked) closeDecisions(state, user, tipId);
    // From here on the cached counts are sums over the tips that are left, at every time for which they claim to be exact: not only at
    // times that the window keeps clear of the pruned ones.
    applyTipChange(registry, user.aggregate, tip, NO_TIP, nowMs);
  }
  state.tips.removeOlderThan(user, horizonMs, old);
  state.users.markDirty(user);
  return old.length;
}

function closeDecisions({ links, decisions, shadowDecisions, closedDecisions }: PartitionState, { uid }: UserEntry, tipId: string): void {
  for (const decisionId of links.decisionsOfTip(uid, tipId)) {
    const answer = decisions.get(uid, decisionId);
    const recorded = answer !== undefined && answer.scoredOffset !== null;
    if (!recorded && !shadowDecisions.has(uid, decisionId)) continue;
    const served = recorded
      ? servedCandidate(links.ofDecision(uid, decisionId), (tip) => recordedVector(answer.event, tip) !== undefined)
      : null;
    closedDecisions.close(
      uid,
      decisionId,
      recorded ? answer.learned : null,
      served === null ? null : links.promptVersion(uid, decisionId, served),
    );
  }
  links.removeTip(uid, tipId);
}
