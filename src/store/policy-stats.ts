/** What policies have learned, read from a state file beside its writer. */
import { resetAt } from '../policies/control.js';
import { sumOf, type Lesson } from '../policies/learning.js';
import { migrationAt, statePartsAt, stateOf, type Migration } from '../policies/migration.js';
import type { PolicyDefinition } from '../policies/policy.js';
import type { RidgeState } from '../policies/ridge.js';
import type { ControlEvent, ScoredEvent } from '../topics.js';
import { openStateForReading } from './state-file.js';

export interface PolicyCounts {
  readonly users: number;
  readonly decisions: number;
  /** Decisions with a reward, and the sum of the rewards. */
  readonly rewarded: number;
  readonly rewards: number;
}

/** Of all users of the file, by the policy that decided, resets or not. */
export function policyCounts(path: string, policy: string): PolicyCounts {
  const db = openStateForReading(path);
  try {
    return db.prepare<[string], PolicyCounts>('SELECT count(DISTINCT uid) AS users, count(*) AS decisions, count(reward) AS rewarded, coalesce(sum(reward), 0) AS rewards FROM decision WHERE policy = ? AND scored_offset IS NOT NULL').get(policy)!;
  } finally {
    db.close();
  }
}

export interface UserPolicyState {
  readonly state: RidgeState;
  /** The reset that holds; null: none does. */
  readonly resetAtMs: number | null;
  /** The migration that holds; null: none does. */
  readonly migration: Migration | null;
}

/** The state as a decision requested at `atMs` would find it, added up from the rewarded decisions; of a user of whom nothing is known: what holds for everybody. */
export function userPolicyState(path: string, userId: string, policy: PolicyDefinition, atMs: number): UserPolicyState {
  const db = openStateForReading(path);
  try {
    const uid = db.prepare<[string], number>('SELECT uid FROM user WHERE user_id = ?').pluck().get(userId) ?? -1;
    const controls = db.prepare<[number], string>('SELECT record FROM control WHERE uid IS NULL OR uid = ?').pluck().all(uid).map((record) => JSON.parse(record) as ControlEvent);
    const rewarded = db.prepare<[number, string], [number, string, 0 | 1, string]>('SELECT requested_at_ms, reward_tip_id, reward, record FROM decision WHERE uid = ? AND policy = ? AND reward IS NOT NULL').raw();
    function* lessonsOf(decidedBy: string): Generator<Lesson> {
      for (const [requestedAtMs, tipId, reward, record] of rewarded.iterate(uid, decidedBy)) yield { requestedAtMs, event: JSON.parse(record) as ScoredEvent, learned: { tipId, reward } };
    }
    const state = stateOf(statePartsAt(controls, atMs, policy.name), policy.dimension, ({ lessons, sinceMs }) => sumOf(lessons, sinceMs, lessonsOf(lessons.decidedBy)));
    return { state, resetAtMs: resetAt(controls, atMs), migration: migrationAt(controls, atMs, policy) };
  } finally {
    db.close();
  }
}

/** Rewards of a policy's decisions requested from `fromMs` on, in the order of their requests; the newest `limit` of them. */
export function rewardsOf(path: string, policy: string, fromMs: number, limit: number): { readonly requestedAtMs: number; readonly reward: 0 | 1 }[] {
  const db = openStateForReading(path);
  try {
    return db
      .prepare<[string, number, number], { requestedAtMs: number; reward: 0 | 1 }>(
        `SELECT requested_at_ms AS requestedAtMs, reward FROM decision
         WHERE policy = ? AND reward IS NOT NULL AND scored_offset IS NOT NULL AND requested_at_ms >= ? ORDER BY requested_at_ms DESC, decision_id DESC LIMIT ?`,
      )
      .all(policy, fromMs, limit)
      .reverse();
  } finally {
    db.close();
  }
}
