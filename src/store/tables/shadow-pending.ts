/** Decisions that the shadow has still to score. They wait here so that the live answer never waits for the shadow. */
import type Database from 'better-sqlite3';
import type { TraceContext } from '../../events/trace-context.js';
import type { CandidatesEvent, ScoredEvent } from '../../topics.js';

export interface ShadowJob {
  readonly candidates: CandidatesEvent;
  /** The live policy that answered. */
  readonly live: string;
  readonly profile: ScoredEvent['profile'];
  readonly input: ScoredEvent['input'];
  readonly positions: ScoredEvent['positions'];
  /** The trace that the decision belongs to. */
  readonly trace?: TraceContext;
}

const MOST_RECENT = 200;

export class ShadowPendingTable {
  readonly #insert: Database.Statement<[string]>;
  readonly #first: Database.Statement<[number], [number, string]>;
  readonly #delete: Database.Statement<[number]>;
  readonly #count: Database.Statement<[], number>;
  /** Jobs in the table, kept here so that an idle shadow costs no query. */
  #waiting = 0;
  /** The oldest of them, as they were added. While these are all, none need be read from the table. */
  #recent: { readonly seq: number; readonly job: ShadowJob }[] = [];

  constructor(db: Database.Database) {
    this.#insert = db.prepare('INSERT INTO shadow_pending (job) VALUES (?)');
    this.#first = db.prepare<[number], [number, string]>('SELECT seq, job FROM shadow_pending ORDER BY seq LIMIT ?').raw();
    this.#delete = db.prepare('DELETE FROM shadow_pending WHERE seq <= ?');
    this.#count = db.prepare<[], number>('SELECT count(*) FROM shadow_pending').pluck();
    this.recount();
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** When the table was opened, and after a rollback. */
  recount(): void {
    this.#waiting = this.#count.get()!;
    this.#recent = [];
  }

  add(job: ShadowJob): void {
    const { lastInsertRowid } = this.#insert.run(JSON.stringify(job));
    if (this.#recent.length === this.#waiting && this.#waiting < MOST_RECENT) this.#recent.push({ seq: Number(lastInsertRowid), job });
    this.#waiting++;
  }

  /** The oldest jobs. */
  first(limit: number): readonly { readonly seq: number; readonly job: ShadowJob }[] {
    if (this.#recent.length === this.#waiting) return this.#recent.slice(0, limit);
    return this.#first.all(limit).map(([seq, job]) => ({ seq, job: JSON.parse(job) as ShadowJob }));
  }

  deleteUpTo(seq: number): void {
    this.#waiting -= this.#delete.run(seq).changes;
    this.#recent = this.#recent.filter((each) => each.seq > seq);
  }
}
