/**
 * Profiles of a state file by the definitions that it was folded with, whose code may be gone: its own view `user_profile_features` is made of them, and
 * answers as of any time once the clock in it is replaced. It reads every tip of a user once a feature, so it is several times slower than counters.
 */
import type Database from 'better-sqlite3';
import { TipstreamError } from '../errors.js';
import type { Definitions } from '../projections/definitions.js';
import type { FeatureValues } from '../projections/feature.js';
import { exactFromMs } from '../projections/prune.js';
import { textFromSql } from '../projections/sql-text.js';
import { asOfPruned } from './as-of-pruned.js';
import { readDefinitions } from './definitions.js';
import { NOW_MS } from './partition-state.js';
import { PruneReader } from './prunes.js';
import type { ReadProfile } from './reader.js';
import { guarded, openStateForReading, readIdentity, type StateIdentity } from './state-file.js';

type Row = [name: string, value: number | null, text: string | Buffer | null];
interface AsOfUser {
  readonly user: string;
  readonly as_of: number;
}

const VIEW = 'user_profile_features';
const HEAD = /^CREATE VIEW user_profile_features\s*\([^)]*\)\s*AS\s/i;

/** Streams like PartitionReader. A user who is not known has no features. */
export class FormerProfiles {
  readonly path: string;
  /** What the file was made for. */
  readonly identity: StateIdentity;
  /** undefined: the file does not say. */
  readonly definitions: Definitions | undefined;
  readonly #db: Database.Database;
  readonly #prunes: PruneReader;
  readonly #features: Database.Statement<[AsOfUser], Row>;
  readonly #exists: Database.Statement<[string], string>;
  readonly #after: Database.Statement<[string, number], string>;
  readonly #positions: Database.Statement<[], [string, number]>;

  /** `db` is an open connection to share, whose snapshot then holds for this reader too; it is closed when this throws. Throws state_mismatch where the view is not one that tipstream made. */
  constructor(path: string, db: Database.Database = openStateForReading(path)) {
    this.path = path;
    this.#db = db;
    try {
      this.identity = readIdentity(db);
      this.definitions = readDefinitions(db);
      this.#prunes = new PruneReader(db);
      // As a WITH and not as a view: so the time is a parameter, and the condition on the user still goes down to each feature's rows.
      this.#features = db.prepare<[AsOfUser], Row>(`WITH former(user_id, name, value, value_text, updated_at) AS (${this.#rowsSql()}) SELECT name, value, value_text FROM former WHERE user_id = :user ORDER BY name`).raw();
      this.#exists = db.prepare<[string], string>('SELECT user_id FROM user WHERE user_id = ?').pluck();
      this.#after = db.prepare<[string, number], string>('SELECT user_id FROM user WHERE user_id > ? ORDER BY user_id LIMIT ?').pluck();
      this.#positions = db.prepare<[], [string, number]>('SELECT topic, next_offset FROM position ORDER BY topic').raw();
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Runs `read` against one snapshot of the file. */
  snapshot<T>(read: () => T): T {
    return guarded(this.path, () => this.#db.transaction(read)());
  }

  /** From here on every answer comes from the file as it is now, until the reader is closed. Not for long: the writer's log grows meanwhile. */
  hold(): void {
    guarded(this.path, () => {
      this.#db.exec('BEGIN');
      this.#positions.all();
    });
  }

  positions(): Map<string, number> {
    return guarded(this.path, () => new Map(this.#positions.all()));
  }

  /** The first as-of time for which profiles are exact, Unix ms; null: nothing was pruned. */
  exactFromMs(): number | null {
    const horizonMs = this.#prunes.horizonMs();
    return horizonMs === null ? null : exactFromMs(horizonMs);
  }

  /** undefined: no event of this user has been applied. Throws as_of_pruned. */
  profile(userId: string, asOfMs: number): ReadProfile | undefined {
    this.#checkAsOf(asOfMs);
    return guarded(this.path, () => (this.#exists.get(userId) === undefined ? undefined : this.#read(userId, asOfMs)));
  }

  /** Up to `limit` users whose ids come after `userId` by code point, in that order; the last id read is where to go on. Throws as_of_pruned. */
  profilesAfter(userId: string, limit: number, asOfMs: number): ReadProfile[] {
    this.#checkAsOf(asOfMs);
    return guarded(this.path, () => this.#after.all(userId, limit).map((found) => this.#read(found, asOfMs)));
  }

  close(): void {
    this.#db.close();
  }

  #checkAsOf(asOfMs: number): void {
    const fromMs = this.exactFromMs();
    if (fromMs !== null && asOfMs < fromMs) throw asOfPruned(asOfMs, fromMs);
  }

  #read(userId: string, asOfMs: number): ReadProfile {
    const rows = this.#features.all({ user: userId, as_of: asOfMs });
    const features: FeatureValues = {};
    for (const [name, value, text] of rows) features[name] = text === null ? value : textFromSql(text);
    return { userId, known: rows.length > 0, features };
  }

  /** The view's SELECT as of `:as_of`. */
  #rowsSql(): string {
    const view = this.#db.prepare<[string], string>("SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = ?").pluck().get(VIEW) ?? '';
    const rows = view.replace(HEAD, '');
    if (rows === view || !rows.includes(NOW_MS)) {
      throw new TipstreamError('state_mismatch', `the view ${VIEW} of state file ${this.path} is not one that this tipstream can ask about a time`, {
        hint: 'its former profiles cannot be compared; everything else can be done without them', details: { path: this.path },
      });
    }
    return rows.replaceAll(NOW_MS, 'CAST(:as_of AS INTEGER)'); // numbers are bound as REAL
  }
}
