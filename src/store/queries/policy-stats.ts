/** What policies have learned, read from a state file beside its writer. */
import { resetAt } from '../../policies/controls/control.js';
import { migrationAt, type Migration } from '../../policies/controls/migration.js';
import { priorAt } from '../../policies/controls/prior-settings.js';
import type { PolicyDefinition, PooledPrior } from '../../policies/policy.js';
import type { RidgeState } from '../../policies/ridge.js';
import { LearnedStates } from './learned-states.js';
import { openStateForReading } from '../state-file.js';

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
    return db
      .prepare<[string], PolicyCounts>(
        'SELECT count(DISTINCT uid) AS users, count(*) AS decisions, count(reward) AS rewarded, coalesce(sum(reward), ' +
          '0) AS rewards FROM decision WHERE policy = ? AND scored_offset IS NOT NULL',
      )
      .get(policy)!;
  } finally {
    db.close();
  }
}

/** Decisions of a policy that were requested at or after `sinceMs`, and those of them with a reward. */
export function decisionsSince(path: string, policy: string, sinceMs: number): { readonly decisions: number; readonly rewarded: number } {
  const db = openStateForReading(path);
  try {
    return db
      .prepare<[string, number], { decisions: number; rewarded: number }>(
        'SELECT count(*) AS decisions, count(reward) AS rewarded FROM decision ' +
          'WHERE policy = ? AND requested_at_ms >= ? AND scored_offset IS NOT NULL',
      )
      .get(policy, sinceMs)!;
  } finally {
    db.close();
  }
}

/** Of the decisions that a shadow has scored too since the file was made: how many, and in how many it would have chosen the same. */
export function shadowAgreement(path: string): { readonly compared: number; readonly agreed: number } {
  const db = openStateForReading(path);
  try {
    const count = db.prepare<[string], number>('SELECT count FROM tally WHERE name = ?').pluck();
    return { compared: count.get('shadow_compared') ?? 0, agreed: count.get('shadow_agreed') ?? 0 };
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
  /** The prior that holds; null: none does. */
  readonly prior: PooledPrior | null;
}

/** The state as a decision requested at `atMs` would find it; of a user of whom nothing is known: what holds for everybody. */
export function userPolicyState(path: string, userId: string, policy: PolicyDefinition, atMs: number): UserPolicyState {
  const learned = new LearnedStates(path);
  try {
    const uid = learned.uidOf(userId);
    const controls = learned.controls(uid);
    return {
      state: learned.stateOf(uid, controls, policy, atMs),
      resetAtMs: resetAt(controls, atMs),
      migration: migrationAt(controls, atMs, policy),
      prior: priorAt(controls, atMs, policy),
    };
  } finally {
    learned.close();
  }
}
