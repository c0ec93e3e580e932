/** What a state file caches of one user's rows, as it lies on disk, for a comparison with the rows and the log. */
import type Database from 'better-sqlite3';
import { decodeCounters } from '../../projections/counters/counters.js';

export interface AuditedRowCount {
  /** How many rows of the kind the user is said to have. */
  readonly rows: number;
  /** The counts hold as of T for every afterMs < T <= untilMs. */
  readonly afterMs: number;
  readonly untilMs: number;
  readonly counts: ReadonlyMap<string, number>;
}

export interface AuditedRowCounts {
  /** kind -> what row_aggregate has of it */
  readonly kinds: ReadonlyMap<string, AuditedRowCount>;
  /** `FAMILY:NUMBER` -> how often the number counts, as ordered_number has it */
  readonly numbers: ReadonlyMap<string, number>;
}

export const NO_ROW_COUNTS: AuditedRowCounts = { kinds: new Map(), numbers: new Map() };

export class RowCountAudit {
  readonly #aggregates: Database.Statement<[number], [kind: string, rows: number, after: number, until: number, counters: string]>;
  readonly #numbers: Database.Statement<[number], [family: string, number: number, count: number]>;

  constructor(db: Database.Database) {
    this.#aggregates = db
      .prepare<[number], [string, number, number, number, string]>(
        'SELECT kind, rows, exact_after_ms, exact_until_ms, counters FROM row_aggregate WHERE uid = ?',
      )
      .raw();
    this.#numbers = db.prepare<[number], [string, number, number]>('SELECT family, number, count FROM ordered_number WHERE uid = ?').raw();
  }

  /** Throws SyntaxError for counts that are no JSON. */
  of(uid: number): AuditedRowCounts {
    const kinds = this.#aggregates
      .all(uid)
      .map(([kind, rows, afterMs, untilMs, counters]) => [kind, { rows, afterMs, untilMs, counts: decodeCounters(counters) }] as const);
    return {
      kinds: new Map(kinds),
      numbers: new Map(this.#numbers.all(uid).map(([family, number, count]) => [`${family}:${number}`, count])),
    };
  }
}
