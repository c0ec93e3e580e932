/**
 * The tables of the embedded log. Records lie in offset order within their partition, so reading is one range scan; `partition`
 * holds both ends of each, because the next offset must outlive the records that set it.
 */
import type { Database } from 'better-sqlite3';
import { TipstreamError } from '../../errors.js';

const SCHEMA_VERSION = 1;
/** "tips", so that a file of some other program is not taken for a log. */
const APPLICATION_ID = 0x74697073;

const TABLES = `
  CREATE TABLE topic (
    topic_id          INTEGER PRIMARY KEY,
    name              TEXT NOT NULL UNIQUE,
    partitions        INTEGER NOT NULL,
    retention_ms      INTEGER NOT NULL,
    cleanup_policy    TEXT NOT NULL,
    max_message_bytes INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE partition (
    topic_id    INTEGER NOT NULL REFERENCES topic,
    partition   INTEGER NOT NULL,
    low_offset  INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (topic_id, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE record (
    topic_id     INTEGER NOT NULL,
    partition    INTEGER NOT NULL,
    "offset"     INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    key          BLOB,
    value        BLOB,
    headers      BLOB,
    PRIMARY KEY (topic_id, partition, "offset")
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE consumer_offset (
    group_name  TEXT NOT NULL,
    topic_id    INTEGER NOT NULL REFERENCES topic,
    partition   INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_name, topic_id, partition)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Creates the tables in an empty file, whichever of several processes comes first. */
export function createTables(database: Database): void {
  database
    .transaction(() => {
      if (isEmpty(database)) database.exec(TABLES);
    })
    .immediate();
}

export function isEmpty(database: Database): boolean {
  return database.prepare('SELECT count(*) FROM sqlite_schema').pluck().get() === 0;
}

/** @throws state_corrupt for a file that is no log of ours, state_newer for one that a newer tipstream wrote */
export function checkVersion(database: Database, path: string): void {
  if (database.pragma('application_id', { simple: true }) !== APPLICATION_ID) {
    throw new TipstreamError('state_corrupt', `${path} is not a tipstream log`, {
      hint: 'Point --data at a directory that tipstream made, or at an empty one.',
      details: { path },
    });
  }
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    throw new TipstreamError(
      'state_newer',
      `${path} was written by a newer tipstream (format ${version}; this one knows ${SCHEMA_VERSION})`,
      {
        hint: 'Run the newer tipstream, or use another --data directory.',
        details: { path, version, supported: SCHEMA_VERSION },
      },
    );
  }
}
