/**
 * One SQLite file of everything that people query, as of one moment: the tables of public-tables.ts filled from a copy of the state,
 * and `meta`. It is filled some users at a time, so that it can be watched and interrupted.
 */
import Database from 'better-sqlite3';
import { setImmediate } from 'node:timers/promises';
import { cannotWrite, isDiskFull } from '../../errors.js';
import { fileFailure } from '../../file-failure.js';
import type { FaultHook } from '../../fault-points.js';
import type { Registry } from '../../projections/registry.js';
import { exactFromMsOf } from '../queries/profiles.js';
import { publicRowsSql, publicTables, type PublicTableName } from './public-tables.js';
import type { StateCopy } from './state-copy.js';
import { makePrivateFile } from '../../private-file.js';

/** Raised when a table or column of an old snapshot would be missed. */
const SNAPSHOT_FORMAT = 1;

const USERS_AT_ONCE = 500;
const SOURCE = 'source';

/** SQLite failed at the file that it writes, and not at one that it reads. */
const WRITING = /^SQLITE_(IOERR_(WRITE|FSYNC|DIR_FSYNC|TRUNCATE|CLOSE)|CANTOPEN|READONLY|PERM)/;

export interface SnapshotOptions {
  /** What errors call the file; the path unless given. */
  readonly name?: string | undefined;
  /** Of the profiles in it. */
  readonly asOfMs: number;
  readonly takenAtMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((users: number) => void) | undefined;
  readonly at?: FaultHook | undefined;
}

export interface SnapshotCounts {
  readonly users: number;
  readonly profiles: number;
  readonly tips: number;
  readonly decisions: number;
}

/** Writes `path`, which must not exist; the caller removes what is left when it throws. Throws output_failed, and the signal's reason. */
export async function writeSnapshotFile(
  copy: StateCopy,
  registry: Registry,
  path: string,
  options: SnapshotOptions,
): Promise<SnapshotCounts> {
  makePrivateFile(path);
  let db: Database.Database | undefined;
  try {
    db = new Database(path);
    // Nobody sees the file before it is complete, so it needs neither a journal nor waiting for the disk.
    db.pragma('journal_mode = OFF');
    db.pragma('synchronous = OFF');
    const tables = Object.values(publicTables(registry));
    for (const { name, columns } of tables)
      db.exec(`CREATE TABLE ${name} (${columns.map(([column, type]) => `${column} ${type}`).join(', ')})`);
    db.exec('CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
    db.exec('CREATE TEMP TABLE updated (user_id TEXT PRIMARY KEY, updated_at INTEGER) WITHOUT ROWID');
    let users = 0;
    for (const [partition, file] of copy.files) {
      db.prepare(`ATTACH ? AS ${SOURCE}`).run(file);
      for await (const count of fillFrom(db, registry, partition, options)) {
        options.onProgress?.((users += count));
        options.at?.('snapshot: filled');
      }
      db.exec(`DETACH ${SOURCE}`);
    }
    unpivot(db, registry);
    for (const { name, key } of tables) {
      options.signal?.throwIfAborted();
      db.exec(`CREATE UNIQUE INDEX ${name}_key ON ${name} (${key.join(', ')})`);
      await setImmediate();
    }
    writeMeta(db, copy, registry, options);
    return { users, profiles: count(db, 'profiles'), tips: count(db, 'tips'), decisions: count(db, 'decisions') };
  } catch (error) {
    const isWriting = isDiskFull(error) || WRITING.test((error as { code?: string }).code ?? '');
    throw isWriting ? cannotWrite(options.name ?? path, error) : (fileFailure('the snapshot', path, error) ?? error);
  } finally {
    db?.close();
  }
}

function count(db: Database.Database, table: PublicTableName): number {
  return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
}

/** Yields how many users more are in. */
async function* fillFrom(
  db: Database.Database,
  registry: Registry,
  partition: number,
  { asOfMs, signal }: SnapshotOptions,
): AsyncGenerator<number> {
  const source = { schema: SOURCE, partition };
  db.exec(`INSERT INTO offsets ${publicRowsSql(registry, 'offsets', source, asOfMs)}`);
  const fills = [
    ...['tips', 'profiles', 'decisions', ...registry.kinds.map(({ kind }) => kind.name)].map(
      (table) => `INSERT INTO ${table} ${publicRowsSql(registry, table, source, asOfMs)}`,
    ),
    `INSERT INTO updated SELECT user_id, updated_at_ms FROM ${SOURCE}.user AS user WHERE true`,
  ];
  const statements = fills.map((sql) => db.prepare(`${sql} AND user.uid > ? AND user.uid <= ?`));
  const upTo = db
    .prepare<[number, number], [number | null, number]>(
      `SELECT max(uid), count(*) FROM (SELECT uid FROM ${SOURCE}.user WHERE uid > ? ORDER BY uid LIMIT ?)`,
    )
    .raw();
  for (let after = -1; ; ) {
    signal?.throwIfAborted();
    const [last, count] = upTo.get(after, USERS_AT_ONCE)!;
    if (last === null) return;
    db.transaction(() => statements.forEach((statement) => statement.run(after, last)))();
    after = last;
    yield count;
    await setImmediate();
  }
}

/** One row per user and feature, from the profiles that are there. */
function unpivot(db: Database.Database, registry: Registry): void {
  for (const { name, dtype } of registry.features) {
    const value = dtype === 'numeric' ? `${name}, NULL` : `NULL, ${name}`;
    db.exec(`INSERT INTO user_profile_features SELECT user_id, '${name}', ${value}, updated_at FROM profiles JOIN updated USING (user_id)`);
  }
}

function writeMeta(db: Database.Database, copy: StateCopy, registry: Registry, { asOfMs, takenAtMs }: SnapshotOptions): void {
  const insert = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)');
  const identity = [...copy.readers.values()][0]?.identity;
  const partitions = identity?.partitions ?? 0;
  const facts = {
    format: SNAPSHOT_FORMAT,
    taken_at_ms: takenAtMs,
    as_of_ms: asOfMs,
    feature_set: registry.featureSet,
    log: identity?.log ?? '',
    topic_prefix: identity?.topicPrefix ?? '',
    /** The first as-of time for which the tips are all there; 0: nothing was pruned. */
    exact_from_ms: exactFromMsOf(copy.readers.values()) ?? 0,
    partitions,
    partitions_here: copy.files.size,
    partitions_missing: JSON.stringify(Array.from({ length: partitions }, (_, one) => one).filter((one) => !copy.files.has(one))),
  };
  for (const [name, value] of Object.entries(facts)) insert.run(name, String(value));
}
