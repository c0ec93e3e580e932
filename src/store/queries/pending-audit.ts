/**
 * What a state file says of the log besides users: which requests it has answered, what it has yet to publish, and what it has counted.
 * All of it is read through a connection that others hold, in their snapshot.
 */
import type Database from 'better-sqlite3';
import type { ShadowJob } from '../tables/shadow-pending.js';
import { OutboxTable, type StoredMessage } from '../tables/outbox.js';

export interface UnreadDecision {
  readonly userId: string;
  readonly decisionId: string;
  readonly record: string;
}

export interface PendingJob {
  readonly seq: number;
  /** undefined: the row is no JSON. */
  readonly job: Partial<ShadowJob> | undefined;
}

const MESSAGES_AT_ONCE = 1_000;

export class PendingAudit {
  readonly #db: Database.Database;
  readonly #has: Readonly<Record<'decision' | 'shadow_decision', Database.Statement<[string, string], 1>>>;
  readonly #unread: Database.Statement<[string, string], string>;
  readonly #knows: Database.Statement<[string], 1>;

  constructor(db: Database.Database) {
    this.#db = db;
    const has = (table: string) =>
      db.prepare<[string, string], 1>(`SELECT 1 FROM ${table} JOIN user USING (uid) WHERE user_id = ? AND decision_id = ?`).pluck();
    this.#has = { decision: has('decision'), shadow_decision: has('shadow_decision') };
    this.#unread = db
      .prepare<[string, string], string>(
        'SELECT record FROM decision JOIN user USING (uid) WHERE user_id = ? AND decision_id = ? AND scored_offset IS NULL',
      )
      .pluck();
    this.#knows = db.prepare<[string], 1>('SELECT 1 FROM user WHERE user_id = ?').pluck();
  }

  /** Whether there is a user of that id. */
  knows(userId: string): boolean {
    return this.#knows.get(userId) !== undefined;
  }

  /** Whether that decision is there, read back or not. */
  has(table: 'decision' | 'shadow_decision', userId: string, decisionId: string): boolean {
    return this.#has[table].get(userId, decisionId) !== undefined;
  }

  /** The record of a decision that was answered and not read back yet. */
  unreadRecord(userId: string, decisionId: string): string | undefined {
    return this.#unread.get(userId, decisionId);
  }

  /** Decisions that were answered and not read back yet. */
  unreadDecisions(): IterableIterator<UnreadDecision> {
    return this.#db
      .prepare<[], UnreadDecision>(
        `SELECT user_id AS userId, decision_id AS decisionId, record FROM decision JOIN user USING (uid)
         WHERE scored_offset IS NULL ORDER BY decision_key`,
      )
      .iterate();
  }

  /** In the order in which they will be published. */
  *outbox(): Generator<StoredMessage> {
    const table = new OutboxTable(this.#db);
    for (let after = 0; ; ) {
      const messages = table.after(after, MESSAGES_AT_ONCE);
      yield* messages;
      if (messages.length < MESSAGES_AT_ONCE) return;
      after = messages.at(-1)!.seq;
    }
  }

  *shadowJobs(): Generator<PendingJob> {
    const rows = this.#db.prepare<[], [number, string]>('SELECT seq, job FROM shadow_pending ORDER BY seq').raw();
    for (const [seq, text] of rows.iterate()) yield { seq, job: parsed(text) as Partial<ShadowJob> | undefined };
  }

  /** name -> count, of everything that is counted. */
  counts(): ReadonlyMap<string, number> {
    return new Map(this.#db.prepare<[], [string, number]>('SELECT name, count FROM tally').raw().all());
  }

  /** How many decisions that were not read back have a shadow's beside them, and how many of these agree. */
  unreadPairs(): { readonly compared: number; readonly agreed: number } {
    const [compared, agreed] = this.#db
      .prepare<[], [number, number]>(
        `SELECT count(*), coalesce(sum(decision.record ->> '$.chosen_tip_id' = shadow_decision.record ->> '$.chosen_tip_id'), 0)
         FROM decision JOIN shadow_decision USING (uid, decision_id) WHERE decision.scored_offset IS NULL`,
      )
      .raw()
      .get()!;
    return { compared, agreed };
  }
}

function parsed(text: string): object | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
