/**
 * The tables of one partition's state file. One file holds everything that partition knows, has one writer, and changes only by
 * whole batches. People may open it read-only with sqlite3 at any time; docs/semantics.md describes the columns.
 */

/** Raised with every change of the tables below; a file with another version is refused, never altered in place. */
export const STATE_SCHEMA_VERSION = 4;

/** "tips" in ASCII: lets `file` and us tell a state file from any other SQLite database. */
export const STATE_APPLICATION_ID = 0x74697073;

/**
 * A user with more tips than this gets rows in tip_time; below it, recomputing the user from all tips is
 * cheaper than keeping an index for everybody.
 */
export const TIME_INDEX_ABOVE_TIPS = 128;

export const STATE_TABLES = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE position (
  topic TEXT PRIMARY KEY,
  next_offset INTEGER NOT NULL,
  last_offset INTEGER,
  last_hash TEXT,
  dead_lettered_to INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE prune (
  seq INTEGER PRIMARY KEY,
  horizon_ms INTEGER NOT NULL,
  after_user TEXT NOT NULL,
  to_user TEXT,
  positions TEXT NOT NULL,
  tips INTEGER NOT NULL,
  pruned_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE closed_decision (
  uid INTEGER NOT NULL,
  decision_id TEXT NOT NULL,
  reward_tip_id TEXT,
  reward REAL,
  prompt_version ANY,
  PRIMARY KEY (uid, decision_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE user (
  uid INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL UNIQUE,
  tips INTEGER NOT NULL,
  time_indexed INTEGER NOT NULL,
  exact_after_ms INTEGER NOT NULL,
  exact_until_ms INTEGER NOT NULL,
  counters TEXT NOT NULL,
  updated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE tip (
  uid INTEGER NOT NULL,
  tip_id TEXT NOT NULL,
  served_at_ms INTEGER,
  served_category ANY,
  done_at_ms INTEGER,
  done_utc_offset_min INTEGER,
  dismiss_at_ms INTEGER,
  snooze_at_ms INTEGER,
  linked INTEGER NOT NULL,
  PRIMARY KEY (uid, tip_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tip_time (
  uid INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  tip_id TEXT NOT NULL,
  PRIMARY KEY (uid, at_ms, tip_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE decision (
  decision_key INTEGER PRIMARY KEY,
  uid INTEGER NOT NULL,
  decision_id TEXT NOT NULL,
  policy TEXT NOT NULL,
  requested_at_ms INTEGER NOT NULL,
  scored_offset INTEGER,
  reward_tip_id TEXT,
  reward REAL,
  record TEXT NOT NULL,
  UNIQUE (uid, decision_id)
) STRICT;

CREATE TABLE shadow_decision (
  decision_key INTEGER PRIMARY KEY,
  uid INTEGER NOT NULL,
  decision_id TEXT NOT NULL,
  policy TEXT NOT NULL,
  requested_at_ms INTEGER NOT NULL,
  scored_offset INTEGER NOT NULL,
  reward_tip_id TEXT,
  reward REAL,
  record TEXT NOT NULL,
  UNIQUE (uid, decision_id)
) STRICT;

CREATE TABLE decision_link (
  uid INTEGER NOT NULL,
  decision_id TEXT NOT NULL,
  tip_id TEXT NOT NULL,
  served_at_ms INTEGER NOT NULL,
  prompt_version ANY,
  PRIMARY KEY (uid, decision_id, tip_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX decision_link_by_tip ON decision_link (uid, tip_id);

CREATE TABLE policy_state (
  uid INTEGER NOT NULL,
  policy TEXT NOT NULL,
  reset_at_ms INTEGER NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY (uid, policy)
) STRICT, WITHOUT ROWID;

CREATE TABLE control (
  control_id TEXT PRIMARY KEY,
  uid INTEGER,
  type TEXT NOT NULL,
  effective_at_ms INTEGER NOT NULL,
  log_offset INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX control_reset ON control (uid) WHERE uid IS NOT NULL;

CREATE TABLE forgotten (
  user_digest TEXT NOT NULL,
  topic TEXT NOT NULL,
  below INTEGER NOT NULL,
  PRIMARY KEY (user_digest, topic)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadow_pending (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  job TEXT NOT NULL
) STRICT;

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  key BLOB,
  value BLOB,
  headers TEXT
) STRICT;

CREATE TABLE tally (name TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;
