/** What each policy has decided in one state file, and what of it can be learned from, read beside the file's writer. */
import type Database from 'better-sqlite3';
import { openStateForReading, readIdentity } from '../state-file.js';
import { UidSet } from './uid-set.js';

export interface DecisionSpan {
  readonly users: number;
  readonly decisions: number;
  /** Decisions with a reward, and the sum of the rewards. */
  readonly rewarded: number;
  readonly rewards: number;
  /** Unix ms; null of no decision. */
  readonly firstRequestedAtMs: number | null;
  readonly lastRequestedAtMs: number | null;
  /** The least and the largest epsilon with which they were made, as their events say; null of no decision. */
  readonly epsilon: { readonly low: number; readonly high: number } | null;
  /** Of their draws, in the order of their first use; SALTS_KEPT of them at most. */
  readonly salts: readonly string[];
  /** Whether there were more salts than that. */
  readonly hasMoreSalts: boolean;
}

export interface TrainingCounts {
  readonly partition: number;
  readonly partitionCount: number;
  /** Full topic name -> next offset. */
  readonly positions: ReadonlyMap<string, number>;
  /** By the name of the policy in the event; policies without a decision have no entry. */
  readonly own: ReadonlyMap<string, DecisionSpan>;
  readonly shadow: ReadonlyMap<string, DecisionSpan>;
}

export const SALTS_KEPT = 5;
/** Decisions read at once: about a millisecond. */
const AT_ONCE = 100;

type Table = 'decision' | 'shadow_decision';
type Row = [uid: number, policy: string, requestedAtMs: number, reward: number | null, epsilon: number, salt: string];

/**
 * From one snapshot: decisions that were read back from the log, of the policies that their events name. It yields after some decisions,
 * for whoever has something else to do. Throws no_data, state_mismatch.
 */
export function* trainingCounts(path: string): Generator<void, TrainingCounts> {
  const db = openStateForReading(path);
  try {
    db.exec('BEGIN');
    const positions = new Map(db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw().all());
    const { partition, partitions } = readIdentity(db);
    return {
      partition,
      partitionCount: partitions,
      positions,
      own: yield* spans(db, 'decision'),
      shadow: yield* spans(db, 'shadow_decision'),
    };
  } finally {
    if (db.inTransaction) db.exec('ROLLBACK');
    db.close();
  }
}

function* spans(db: Database.Database, table: Table): Generator<void, Map<string, DecisionSpan>> {
  const last = db.prepare<[], number>(`SELECT coalesce(max(decision_key), 0) FROM ${table}`).pluck().get()!;
  const some = db
    .prepare<[number, number], Row>(
      `SELECT uid, policy, requested_at_ms, reward, record ->> '$.epsilon', record ->> '$.salt' FROM ${table}
       WHERE decision_key > ? AND decision_key <= ? AND scored_offset IS NOT NULL`,
    )
    .raw();
  const counted = new Map<string, SpanCount>();
  for (let after = 0; after < last; after += AT_ONCE) {
    for (const row of some.all(after, after + AT_ONCE)) {
      let count = counted.get(row[1]);
      if (count === undefined) counted.set(row[1], (count = new SpanCount()));
      count.add(row);
    }
    yield;
  }
  return new Map([...counted].map(([policy, { span }]) => [policy, span]));
}

/** Of one policy, as far as its decisions were looked at. */
class SpanCount {
  readonly #users = new UidSet();
  #span: DecisionSpan = NO_DECISIONS;

  add([uid, , atMs, reward, epsilon, salt]: Row): void {
    this.#users.add(uid);
    const {
      decisions,
      rewarded,
      rewards,
      firstRequestedAtMs: first,
      lastRequestedAtMs: last,
      epsilon: range,
      salts,
      hasMoreSalts,
    } = this.#span;
    const isNew = !salts.includes(salt);
    this.#span = {
      users: this.#users.size,
      decisions: decisions + 1,
      rewarded: rewarded + (reward === null ? 0 : 1),
      rewards: rewards + (reward ?? 0),
      firstRequestedAtMs: Math.min(first ?? atMs, atMs),
      lastRequestedAtMs: Math.max(last ?? atMs, atMs),
      epsilon: { low: Math.min(range?.low ?? epsilon, epsilon), high: Math.max(range?.high ?? epsilon, epsilon) },
      salts: isNew && salts.length < SALTS_KEPT ? [...salts, salt] : salts,
      hasMoreSalts: hasMoreSalts || (isNew && salts.length === SALTS_KEPT),
    };
  }

  get span(): DecisionSpan {
    return this.#span;
  }
}

export const NO_DECISIONS: DecisionSpan = {
  users: 0,
  decisions: 0,
  rewarded: 0,
  rewards: 0,
  firstRequestedAtMs: null,
  lastRequestedAtMs: null,
  epsilon: null,
  salts: [],
  hasMoreSalts: false,
};
