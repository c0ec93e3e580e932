/**
 * What policies have learned of single users, read from a state file beside its writer and added up from the rewarded decisions: one
 * snapshot.
 */
import type Database from 'better-sqlite3';
import { keptControls } from '../../policies/controls/control-refusal.js';
import { sumOf, type TrainingExample } from '../../policies/learning.js';
import { statePartsAt, stateOf } from '../../policies/controls/migration.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import type { RidgeState } from '../../policies/ridge.js';
import type { ControlEvent, ScoredEvent } from '../../topics.js';
import { openStateForReading } from '../state-file.js';

type ExampleRow = [requestedAtMs: number, rewardTipId: string, reward: number, record: string];

export class LearnedStates {
  readonly #db: Database.Database;
  readonly #uid: Database.Statement<[string], number>;
  readonly #learners: Database.Statement<[], [number, string]>;
  readonly #controls: Database.Statement<[number], string>;
  readonly #rewarded: Database.Statement<[number, string], ExampleRow>;
  readonly #newest: Database.Statement<[number, number], string>;

  /** Throws what opening throws. */
  constructor(path: string) {
    this.#db = openStateForReading(path);
    this.#db.exec('BEGIN');
    this.#uid = this.#db.prepare<[string], number>('SELECT uid FROM user WHERE user_id = ?').pluck();
    this.#learners = this.#db
      .prepare<[], [number, string]>(
        'SELECT uid, user_id FROM user WHERE uid IN (SELECT uid FROM decision WHERE reward IS NOT NULL) ORDER BY user_id',
      )
      .raw();
    this.#controls = this.#db.prepare<[number], string>('SELECT record FROM control WHERE uid IS NULL OR uid = ?').pluck();
    this.#rewarded = this.#db
      .prepare<[number, string], ExampleRow>(
        'SELECT requested_at_ms, reward_tip_id, reward, record FROM decision WHERE uid = ? AND policy = ? AND reward IS NOT NULL',
      )
      .raw();
    this.#newest = this.#db
      .prepare<[number, number], string>(
        'SELECT record FROM decision WHERE uid = ? AND scored_offset IS NOT NULL ORDER BY requested_at_ms DESC, decision_id DESC LIMIT ?',
      )
      .pluck();
  }

  /** undefined: the file has no such user. */
  uidOf(userId: string): number | undefined {
    return this.#uid.get(userId);
  }

  /** Users with a rewarded decision, by id. */
  learners(): { readonly uid: number; readonly userId: string }[] {
    return this.#learners.all().map(([uid, userId]) => ({ uid, userId }));
  }

  /** Those for everybody, and the user's own. */
  controls(uid: number | undefined): ControlEvent[] {
    return keptControls(this.#controls.all(uid ?? -1));
  }

  /** The state as a decision requested at `atMs` would find it under these controls; of a user of whom nothing is known: empty. */
  stateOf(uid: number | undefined, controls: readonly ControlEvent[], policy: PolicyDefinition, atMs: number): RidgeState {
    return stateOf(statePartsAt(controls, atMs, policy.name), policy.dimension, ({ examples, sinceMs }) =>
      sumOf(examples, sinceMs, this.#examples(uid ?? -1, examples.decidedBy)),
    );
  }

  /** The user's last decisions by any policy, the newest first. */
  newestDecisions(uid: number, limit: number): ScoredEvent[] {
    return this.#newest.all(uid, limit).map((record) => JSON.parse(record) as ScoredEvent);
  }

  close(): void {
    this.#db.exec('ROLLBACK');
    this.#db.close();
  }

  *#examples(uid: number, decidedBy: string): Generator<TrainingExample> {
    for (const [requestedAtMs, tipId, reward, record] of this.#rewarded.iterate(uid, decidedBy))
      yield { requestedAtMs, event: JSON.parse(record) as ScoredEvent, learned: { tipId, reward } };
  }
}
