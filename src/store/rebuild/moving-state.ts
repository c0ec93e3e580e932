/**
 * Moves a copy of a state file over to other feature definitions: what is kept of tips does not depend on them, so only the cached
 * aggregates, the view and what the file says of itself are made anew, some users in one transaction. Until the last of them the file
 * says that it is being moved, which no feature set is equal to, and how far it is: whoever was ended in the middle goes on from
 * there.
 */
import Database from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { TipstreamError } from '../../errors.js';
import { aggregateAt } from '../../projections/as-of.js';
import type { Registry } from '../../projections/registry.js';
import { userProfileFeaturesView } from '../../projections/sql.js';
import { ChangedProfiles } from '../tables/changed-profiles.js';
import { writeDefinitions } from '../tables/definitions.js';
import { NOW_MS } from '../partition-state.js';
import { checkPages, compareIdentity, guarded, openStateForReading, readIdentity, type StateIdentity } from '../state-file.js';
import { TipReader } from '../tables/tips.js';

const MOVING = 'moving over';
/** Where it is, in the meta table: {feature_set, after_uid}. */
const PROGRESS = 'moving_over';
/**
 * A transaction ends behind the user with whom it has read about so many tips; as a user without any costs something too, each counts
 * for one more.
 */
const TIPS_AT_ONCE = 20_000;

type UserRow = [uid: number, tips: number, indexed: number];
interface Progress {
  readonly feature_set: string;
  /** The last user who has been recomputed. */
  readonly after_uid: number;
}

/**
 * What a previous run left at `path`: `of no use` is also a file that cannot be opened, or that stands before what the log still holds
 * of a topic (topic -> the first offset) and so could not be brought up to date.
 */
export function progressOf(
  path: string,
  identity: StateIdentity,
  lowEnds: ReadonlyMap<string, number>,
): 'moved over' | 'begun' | 'of no use' {
  if (!existsSync(path)) return 'of no use';
  const { featureSet, ...others } = identity;
  let db: Database.Database | undefined;
  try {
    db = openStateForReading(path, others);
    const behind = db
      .prepare<[], [string, number]>('SELECT topic, next_offset FROM position')
      .raw()
      .all()
      .some(([topic, next]) => next < (lowEnds.get(topic) ?? 0));
    if (behind) return 'of no use';
    return readIdentity(db).featureSet === featureSet ? 'moved over' : 'begun';
  } catch (error) {
    if (error instanceof TipstreamError && error.code !== 'data_in_use') return 'of no use';
    throw error;
  } finally {
    db?.close();
  }
}

export class MovingState {
  readonly path: string;
  /** In the file. */
  readonly users: number;
  readonly #db: Database.Database;
  readonly #registry: Registry;
  readonly #nowMs: number;
  readonly #tips: TipReader;
  readonly #usersAfter: Database.Statement<[number], UserRow>;
  readonly #update: Database.Statement;
  readonly #meta: Database.Statement<[string, string]>;
  #afterUid: number;
  #done: number;

  /**
   * Opens a copy, or one that was partly moved over before. `nowMs`: as of when the aggregates are made, Unix ms. Throws
   * invalid_argument when a feature's SQL does not work on the tables, state_mismatch for a file of another partition or log.
   */
  constructor(path: string, identity: StateIdentity, registry: Registry, nowMs: number) {
    this.path = path;
    this.#registry = registry;
    this.#nowMs = nowMs;
    const db = guarded(path, () => new Database(path, { fileMustExist: true, timeout: 5_000 }));
    this.#db = db;
    try {
      const { featureSet, ...others } = identity;
      compareIdentity(db, path, others);
      assertSqlWorks(db, registry);
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
      this.#meta = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
      this.#tips = new TipReader(db);
      this.#usersAfter = db.prepare<[number], UserRow>('SELECT uid, tips, time_indexed FROM user WHERE uid > ? ORDER BY uid').raw();
      this.#update = db.prepare('UPDATE user SET exact_after_ms = ?, exact_until_ms = ?, counters = ?, updated_at_ms = ? WHERE uid = ?');
      this.#afterUid = this.#begin(featureSet);
      this.users = db.prepare<[], number>('SELECT count(*) FROM user').pluck().get()!;
      this.#done = db.prepare<[number], number>('SELECT count(*) FROM user WHERE uid <= ?').pluck().get(this.#afterUid)!;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Users recomputed, those of an earlier run included. */
  get done(): number {
    return this.#done;
  }

  /** One transaction. Answers whether there are users left. */
  step(): boolean {
    return guarded(this.path, () =>
      this.#db
        .transaction(() => {
          const users = this.#next();
          for (const [uid, tips, indexed] of users) {
            const { afterMs, untilMs, counters } = aggregateAt(this.#registry, this.#nowMs, this.#tips.source(uid, tips, indexed === 1));
            this.#update.run(afterMs, untilMs, counters.encode(), this.#nowMs, uid);
            this.#afterUid = uid;
          }
          this.#done += users.length;
          this.#note({ feature_set: this.#registry.featureSet, after_uid: this.#afterUid });
          return users.length > 0;
        })
        .immediate(),
    );
  }

  /**
   * When no users are left: from here on the file is one of the new definitions. Every user's profile is due to be published; what the
   * copied file had pending for the log is not in it. Throws state_corrupt when the file is not whole.
   */
  finish(): void {
    guarded(this.path, () => {
      checkPages(this.#db, this.path);
      this.#db
        .transaction(() => {
          this.#db.exec('DROP VIEW IF EXISTS user_profile_features');
          this.#db.exec(userProfileFeaturesView(this.#registry, NOW_MS));
          writeDefinitions(this.#db, this.#registry.definitions);
          this.#meta.run('featureSet', this.#registry.featureSet);
          this.#db.prepare('DELETE FROM meta WHERE name = ?').run(PROGRESS);
          this.#db.exec('DELETE FROM outbox; DELETE FROM shadow_pending');
          const changed = new ChangedProfiles(this.#db);
          changed.leaveAll();
          changed.flush();
        })
        .immediate();
      this.#db.pragma('wal_checkpoint(TRUNCATE)');
    });
  }

  close(): void {
    this.#db.close();
  }

  /** Answers after which user to go on. */
  #begin(featureSet: string): number {
    return this.#db
      .transaction(() => {
        const stored = this.#db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck().get(PROGRESS);
        const progress = stored === undefined ? undefined : (JSON.parse(stored) as Progress);
        // Aggregates of other definitions than these, half done or whole, are of no use: only the tips count.
        if (progress?.feature_set === featureSet) return progress.after_uid;
        this.#meta.run('featureSet', MOVING);
        this.#note({ feature_set: featureSet, after_uid: -1 });
        return -1;
      })
      .immediate();
  }

  #note(progress: Progress): void {
    this.#meta.run(PROGRESS, JSON.stringify(progress));
  }

  #next(): UserRow[] {
    const users: UserRow[] = [];
    let tips = 0;
    for (const row of this.#usersAfter.iterate(this.#afterUid)) {
      users.push(row);
      if ((tips += row[1] + 1) >= TIPS_AT_ONCE) break;
    }
    return users;
  }
}

/** Throws invalid_argument naming the feature. */
function assertSqlWorks(db: Database.Database, { features }: Registry): void {
  for (const { name, sql } of features) {
    try {
      const columns = db
        .prepare(sql)
        .columns()
        .map((column) => column.name);
      if (columns.length !== 2 || !columns.includes('uid') || !columns.includes('value'))
        throw new Error(`it gives the columns ${columns.join(', ')}, not uid and value`);
    } catch (error) {
      throw new TipstreamError('invalid_argument', `the SQL of feature ${name} does not work: ${(error as Error).message}`, {
        hint: 'Mend the definition, then run it again: nothing was changed.',
        details: { feature: name },
        cause: error,
      });
    }
  }
}
