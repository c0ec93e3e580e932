/** Decisions of one state file with what a rollout's arms are compared by, a piece at a time, beside the file's writer. */
import type Database from 'better-sqlite3';
import { rewardRulesIn, rewardTimeline, type RewardRules } from '../../policies/controls/reward-rules.js';
import { keptControls } from '../../policies/controls/control-refusal.js';
import { REACTIONS } from '../../policies/reward.js';
import { fullTopicName, type ControlEvent } from '../../topics.js';
import { openStateForReading, readIdentity } from '../state-file.js';
import { ControlTable } from '../tables/controls.js';
import { decisionPieces } from './decision-pieces.js';

export interface ReactionToDecision {
  /** From the request, ms. */
  readonly afterMs: number;
  /** What it is worth by the rules in effect when the decision was requested. */
  readonly reward: number;
}

export interface RolloutDecision {
  readonly key: number;
  /** A small number of the user in this file. */
  readonly uid: number;
  readonly userId: string;
  readonly requestedAtMs: number;
  /** Who made it. */
  readonly policy: string;
  /** To the tip that its reward counts for, in the order in which they count. */
  readonly reactions: readonly ReactionToDecision[];
}

export interface DecisionPiece {
  readonly decisions: readonly RolloutDecision[];
  /** The controls for everybody that had been applied when the decision with this key was made, by the positions that it records. */
  readonly controlsKnownTo: (key: number) => readonly ControlEvent[];
}

type Row = [
  key: number,
  uid: number,
  requestedAtMs: number,
  policy: string,
  reward: number | null,
  tipId: string | null,
  served: number | null,
  done: number | null,
  dismiss: number | null,
  snooze: number | null,
];

/**
 * Every decision that has been read back from the log and was requested within these times, from one snapshot, in no order: those of
 * whatever policy, served or not. Throws no_data, state_mismatch.
 */
export function rolloutDecisions(
  path: string,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): Generator<DecisionPiece> {
  return decisionPieces(path, (db) => {
    const some = db
      .prepare<[number, number, number, number], Row>(
        `SELECT decision_key, decision.uid, requested_at_ms, policy, reward,
           tip.tip_id, served_at_ms, done_at_ms, dismiss_at_ms, snooze_at_ms
         FROM decision LEFT JOIN tip ON tip.uid = decision.uid AND tip.tip_id = reward_tip_id
         WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL AND requested_at_ms >= ? AND requested_at_ms < ?`,
      )
      .raw();
    const userIdOf = knownUsers(db);
    const controlsKnownTo = knownControls(db);
    const timeline = rewardTimeline(new ControlTable(db).shared());
    const decisionOf = (row: Row): RolloutDecision => {
      const [key, uid, requestedAtMs, policy] = row;
      return {
        key,
        uid,
        userId: userIdOf(uid),
        requestedAtMs,
        policy,
        reactions: reactionsOf(row, rewardRulesIn(timeline, requestedAtMs)),
      };
    };
    return (after, to) => ({ decisions: some.all(after, to, fromMs, toMs).map(decisionOf), controlsKnownTo });
  });
}

const NONE: readonly ReactionToDecision[] = [];

/** One whose tip a prune has taken counts at once with the reward that is kept: it came long ago. */
function reactionsOf(
  [, , requestedAtMs, , reward, tipId, served, done, dismiss, snooze]: Row,
  rules: RewardRules,
): readonly ReactionToDecision[] {
  if (reward === null) return NONE;
  if (tipId === null) return reward === 0 ? NONE : [{ afterMs: 0, reward }];
  if (served === null) return NONE;
  const at = { done, dismiss, snooze };
  const counting = REACTIONS.filter(
    (reaction) => at[reaction] !== null && at[reaction] >= served && at[reaction] < served + rules.windowMs,
  );
  // What is worth as much as nothing, and before nothing else, need not be told from it.
  const last = counting.findLastIndex((reaction) => rules[reaction] !== 0);
  if (last < 0) return NONE;
  return counting.slice(0, last + 1).map((reaction) => ({ afterMs: at[reaction]! - requestedAtMs, reward: rules[reaction] }));
}

/** A user has many decisions, and the id as text is most of what reading one costs. */
function knownUsers(db: Database.Database): (uid: number) => string {
  const get = db.prepare<[number], string>('SELECT user_id FROM user WHERE uid = ?').pluck();
  const known: (string | undefined)[] = [];
  return (uid) => (known[uid] ??= get.get(uid)!);
}

function knownControls(db: Database.Database): DecisionPiece['controlsKnownTo'] {
  const topic = fullTopicName(readIdentity(db).topicPrefix, 'policy.control');
  const positions = db.prepare<[number], string>("SELECT record -> '$.positions' FROM decision WHERE decision_key = ?").pluck();
  const before = db
    .prepare<[number], string>('SELECT record FROM control WHERE uid IS NULL AND log_offset < ? ORDER BY effective_at_ms, control_id')
    .pluck();
  const known = new Map<number, readonly ControlEvent[]>();
  return (key) => {
    const next = (JSON.parse(positions.get(key)!) as Record<string, number>)[topic] ?? 0;
    let controls = known.get(next);
    if (controls === undefined) known.set(next, (controls = keptControls(before.all(next))));
    return controls;
  };
}

/** How many users the file knows, whatever it knows of them. Throws no_data, state_mismatch. */
export function userCount(path: string): number {
  const db = openStateForReading(path);
  try {
    return db.prepare<[], number>('SELECT count(*) FROM user').pluck().get()!;
  } finally {
    db.close();
  }
}
