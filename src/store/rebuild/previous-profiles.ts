/**
 * Profiles of a state file by the definitions that it was folded with, whose code may be gone: its own view `user_profile_features` is
 * made of them, and answers as of any time once the clock in it is replaced. It reads every tip of a user once a feature, so it is
 * several times slower than counters.
 */
import type Database from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';
import type { FeatureValues } from '../../projections/feature.js';
import { textFromSql } from '../../projections/sql-text.js';
import { NOW_MS } from '../partition-state.js';
import { PruneReader } from '../tables/prunes.js';
import type { ReadProfile } from '../queries/partition-reader.js';
import { guarded } from '../state-file.js';

type Row = [name: string, value: number | null, text: string | Buffer | null];
interface AsOfUser {
  readonly user: string;
  readonly as_of: number;
}

const VIEW = 'user_profile_features';
const HEAD = /^CREATE VIEW user_profile_features\s*\([^)]*\)\s*AS\s/i;

/** Streams as PartitionReader does. */
export class PreviousProfiles {
  readonly path: string;
  readonly #db: Database.Database;
  readonly #prunes: PruneReader;
  readonly #features: Database.Statement<[AsOfUser], Row>;
  readonly #after: Database.Statement<[string, number], string>;

  /**
   * `db` is a connection to `path`, whose snapshot holds here too and which stays the caller's. Throws state_mismatch where the view is
   * not one that tipstream made.
   */
  constructor(path: string, db: Database.Database) {
    this.path = path;
    this.#db = db;
    this.#prunes = new PruneReader(db);
    // As a WITH and not as a view: so the time is a parameter, and the condition on the user still goes down to each feature's rows.
    this.#features = db
      .prepare<[AsOfUser], Row>(
        `WITH previous(user_id, name, value, value_text, updated_at) AS (${this.#rowsSql()}) SELECT name, value, ` +
          'value_text FROM previous WHERE user_id = :user ORDER BY name',
      )
      .raw();
    this.#after = db.prepare<[string, number], string>('SELECT user_id FROM user WHERE user_id > ? ORDER BY user_id LIMIT ?').pluck();
  }

  /**
   * Up to `limit` users whose ids come after `userId` by code point, in that order; the last id read is where to go on. Throws
   * as_of_pruned.
   */
  profilesAfter(userId: string, limit: number, asOfMs: number): ReadProfile[] {
    this.#prunes.checkAsOf(asOfMs);
    return guarded(this.path, () => this.#after.all(userId, limit).map((found) => this.#read(found, asOfMs)));
  }

  #read(userId: string, asOfMs: number): ReadProfile {
    const rows = this.#features.all({ user: userId, as_of: asOfMs });
    const features: FeatureValues = {};
    for (const [name, value, text] of rows) features[name] = text === null ? value : textFromSql(text);
    return { userId, known: rows.length > 0, features };
  }

  /** The view's SELECT as of `:as_of`. */
  #rowsSql(): string {
    const view =
      this.#db.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?").pluck().get(VIEW) ?? '';
    const rows = view.replace(HEAD, '');
    if (rows === view || !rows.includes(NOW_MS)) {
      throw new TipstreamError(
        'state_mismatch',
        `the view ${VIEW} of state file ${this.path} is not one that this tipstream can ask about a time`,
        {
          hint: 'Continue without its previous profiles: only they cannot be compared.',
          details: { path: this.path },
        },
      );
    }
    return rows.replaceAll(NOW_MS, 'CAST(:as_of AS INTEGER)'); // numbers are bound as REAL
  }
}
