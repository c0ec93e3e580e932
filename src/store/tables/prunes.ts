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
  /** kind -> how many rows of it went; none of kinds that are left out. */
  readonly rows: ReadonlyMap<string, number>;
  /** By the worker's clock, Unix ms. */
  readonly prunedAtMs: number;
}

/** Of a file whose registry has kinds of rows; others have no such table. */
const HAS_ROWS = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'pruned_rows'";

type Row = [seq: number, horizon: number, after: string, to: string | null, positions: string, tips: number, at: number];
const COLUMNS = 'seq, horizon_ms, after_user, to_user, positions, tips, pruned_at_ms';

export class PruneReader {
  readonly #all: Database.Statement<[], Row>;
  readonly #rows: Database.Statement<[number], [kind: string, rows: number]> | undefined;
  readonly #last: Database.Statement<[], number | null>;
  readonly #horizon: Database.Statement<[], number | null>;
  /** The horizon as of the prune of that seq. */
  #known: { readonly seq: number | null; readonly horizonMs: number | null } | undefined;

  constructor(db: Database.Database) {
    this.#all = db.prepare<[], Row>(`SELECT ${COLUMNS} FROM prune ORDER BY seq`).raw();
    if (db.prepare(HAS_ROWS).get() !== undefined)
      this.#rows = db.prepare<[number], [string, number]>('SELECT kind, rows FROM pruned_rows WHERE seq = ? ORDER BY kind').raw();
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
      rows: new Map(this.#rows?.all(seq)),
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
  readonly #insertRows: Database.Statement<[number | bigint, string, number]> | undefined;

  constructor(db: Database.Database) {
    super(db);
    if (db.prepare(HAS_ROWS).get() !== undefined)
      this.#insertRows = db.prepare('INSERT INTO pruned_rows (seq, kind, rows) VALUES (?, ?, ?)');
    this.#insert = db.prepare(`INSERT INTO prune (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  }

  /** `seq` absent: the next one. */
  add(prune: Omit<RecordedPrune, 'seq'> & { readonly seq?: number }): void {
    const { seq = null, horizonMs, afterUser, toUser, positions, tips, rows, prunedAtMs } = prune;
    const listed = JSON.stringify(Object.fromEntries(positions));
    const { lastInsertRowid } = this.#insert.run(seq, horizonMs, afterUser, toUser, listed, tips, prunedAtMs);
    for (const [kind, count] of rows) if (count > 0) this.#insertRows!.run(lastInsertRowid, kind, count);
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
