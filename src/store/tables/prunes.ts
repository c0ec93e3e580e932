/**
 * The prunes that a state file went through, in their order. They are repeated when it is made anew from the log, and told apart from
 * damage by `verify`.
 */
import type Database from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import { exactFromMs, type PruneStage } from '../../projections/prune.js';
import { checkExact } from '../as-of-pruned.js';

export interface RecordedPrune extends PruneStage {
  /** Ascending; seldom without gaps. */
  readonly seq: number;
  /** How many tips went. */
  readonly tips: number;
  /** By the worker's clock, Unix ms. */
  readonly prunedAtMs: number;
}

type Row = [seq: number, horizon: number, after: string, to: string | null, positions: string, tips: number, at: number];
const COLUMNS = 'seq, horizon_ms, after_user, to_user, positions, tips, pruned_at_ms';

export class PruneReader {
  readonly #all: Database.Statement<[], Row>;
  readonly #last: Database.Statement<[], number | null>;
  readonly #horizon: Database.Statement<[], number | null>;
  /** The horizon as of the prune of that seq. */
  #known: { readonly seq: number | null; readonly horizonMs: number | null } | undefined;

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM prune ORDER BY seq`).raw();
    this.#last = db.prepare<[], number | null>('SELECT max(seq) FROM prune').pluck();
    this.#horizon = db.prepare<[], number | null>('SELECT max(horizon_ms) FROM prune').pluck();
  }

  all(): RecordedPrune[] {
    return this.#all.all().map(([seq, horizonMs, afterUser, toUser, positions, tips, prunedAtMs]) => ({
      seq,
      horizonMs,
      afterUser,
      toUser,
      positions: positionsIn(seq, positions),
      tips,
      prunedAtMs,
    }));
  }

  /** Unix ms; null: nothing was ever pruned. */
  horizonMs(): number | null {
    const seq = this.#last.get()!;
    if (this.#known?.seq !== seq) this.#known = { seq, horizonMs: this.#horizon.get()! };
    return this.#known.horizonMs;
  }

  /**
   * The first as-of time for which profiles are exact, Unix ms: tips that a window before it would need may have been pruned. null:
   * nothing was pruned.
   */
  exactFromMs(): number | null {
    const horizonMs = this.horizonMs();
    return horizonMs === null ? null : exactFromMs(horizonMs);
  }

  /** Throws as_of_pruned for a time before exactFromMs. */
  checkAsOf(asOfMs: number): void {
    checkExact(asOfMs, this.exactFromMs());
  }
}

/** With the writer's part. */
export class PruneTable extends PruneReader {
  readonly #insert: Database.Statement;

  constructor(db: Database.Database) {
    super(db);
    this.#insert = db.prepare(`INSERT INTO prune (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  }

  /** `seq` absent: the next one. */
  add({ seq, horizonMs, afterUser, toUser, positions, tips, prunedAtMs }: Omit<RecordedPrune, 'seq'> & { readonly seq?: number }): void {
    this.#insert.run(seq ?? null, horizonMs, afterUser, toUser, JSON.stringify(Object.fromEntries(positions)), tips, prunedAtMs);
  }
}

function positionsIn(seq: number, json: string): Map<string, number> {
  try {
    return new Map(Object.entries(JSON.parse(json) as Record<string, number>));
  } catch (error) {
    throw new TipstreamError('state_corrupt', `the positions of prune ${seq} are not JSON`, {
      hint: 'Move the state file away and start again: it was altered, and is rebuilt from the log.',
      details: { seq },
      cause: error,
    });
  }
}
