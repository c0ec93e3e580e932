/** What a state file holds, by users' ids instead of its own numbers, so that two files of one history can be compared. */
import Database from 'better-sqlite3';

const BY_USER = {
  tips:
    'SELECT user_id, tip_id, served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, ' +
    'snooze_at_ms, linked FROM tip JOIN user USING (uid) ORDER BY user_id, tip_id',
  users: 'SELECT user_id, tips, time_indexed FROM user WHERE tips > 0 ORDER BY user_id',
  links:
    'SELECT user_id, decision_id, tip_id, served_at_ms, prompt_version FROM decision_link JOIN ' +
    'user USING (uid) ORDER BY user_id, decision_id, tip_id',
  decisions:
    'SELECT user_id, decision_id, policy, requested_at_ms, scored_offset, reward_tip_id, reward, record FROM decision ' +
    'JOIN user USING (uid) WHERE scored_offset IS NOT NULL ORDER BY user_id, decision_id',
  shadow:
    'SELECT user_id, decision_id, policy, requested_at_ms, scored_offset, reward_tip_id, reward, record FROM ' +
    'shadow_decision JOIN user USING (uid) ORDER BY user_id, decision_id',
  // Of users whom no reset names: which reset sums are kept for depends on when was scored.
  sums:
    'SELECT user_id, policy, hex(state) AS state FROM policy_state JOIN user USING (uid) WHERE uid NOT IN (SELECT ' +
    'uid FROM control WHERE uid IS NOT NULL) ORDER BY user_id, policy',
  controls:
    'SELECT control_id, user_id, type, effective_at_ms, log_offset, record FROM control LEFT JOIN user USING (uid) ORDER BY control_id',
};
const POSITIONS = 'SELECT topic, next_offset, last_offset, last_hash FROM position ORDER BY topic';
const OWED = {
  outbox: 'SELECT topic, hex(key) AS key, hex(value) AS value, headers FROM outbox ORDER BY seq',
  shadowPending: 'SELECT job FROM shadow_pending ORDER BY seq',
  unread:
    'SELECT user_id, decision_id, record FROM decision JOIN user USING (uid) WHERE scored_offset IS NULL ORDER BY user_id, decision_id',
  unpublished: "SELECT value FROM meta WHERE name = 'profiles_unpublished' AND value = '1'",
};

export type StateContents = Record<keyof typeof BY_USER, unknown[]> & { readonly positions: unknown[] };

function read<Name extends string>(path: string, queries: Readonly<Record<Name, string>>): Record<Name, unknown[]> {
  const db = new Database(path, { readonly: true });
  try {
    return Object.fromEntries(Object.entries<string>(queries).map(([name, sql]) => [name, db.prepare(sql).all()])) as Record<
      Name,
      unknown[]
    >;
  } finally {
    db.close();
  }
}

/** What a replay of the log gives. */
export const stateContents = (path: string): StateContents => read(path, { ...BY_USER, positions: POSITIONS });

/** What it owes the log, and no replay gives. */
export const pendingWork = (path: string): Record<keyof typeof OWED, unknown[]> => read(path, OWED);
