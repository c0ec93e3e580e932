/**
 * Removes what a state file holds of one user, from every table that holds users. Tables that name the user by `uid` are found by that
 * column; the three others are known here, and a test asks for every column that could hold a user.
 */
import type Database from 'better-sqlite3';
import { userDigest } from '../events/user-digest.js';

/** A table that names users otherwise than by uid. */
interface CarriedBy {
  readonly column: string;
  /** The user_id, or its UTF-8, in a value of the column; undefined: it is about nobody. */
  readonly userIn: (content: string | Buffer) => string | Buffer | undefined;
}

export const CARRYING_USERS: Readonly<Record<string, CarriedBy>> = {
  outbox: { column: 'key', userIn: (key) => key },
  shadow_pending: {
    column: 'job',
    userIn: (job) => (JSON.parse(String(job)) as { readonly candidates?: { readonly user_id?: string } }).candidates?.user_id,
  },
};

export interface ForgottenRows {
  /** undefined: the file has no such user. */
  readonly user: { readonly uid: number; readonly userId: string } | undefined;
  readonly digest: string;
}

/** Within a transaction. What memory holds of the user is the caller's to forget. The row in `user` stays for the caller too. */
export function removeRowsOf(db: Database.Database, { user, digest }: ForgottenRows): void {
  for (const [table, carriedBy] of Object.entries(CARRYING_USERS)) removeCarried(db, table, carriedBy, digest);
  if (user === undefined) return;
  for (const table of tablesByUid(db)) db.prepare<[number]>(`DELETE FROM ${table} WHERE uid = ?`).run(user.uid);
  moveBoundaries(db, user.userId);
}

/** The tables whose rows belong to a user by uid; `user` itself is not among them. */
export function tablesByUid(db: Database.Database): string[] {
  return db
    .prepare<[], string>(
      `SELECT m.name FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS c
       WHERE m.type = 'table' AND m.name <> 'user' AND c.name = 'uid' ORDER BY m.name`,
    )
    .pluck()
    .all();
}

/** Few rows: what waits for the log or the shadow. */
function removeCarried(db: Database.Database, table: string, { column, userIn }: CarriedBy, digest: string): void {
  const rows = db.prepare<[], [number, string | Buffer | null]>(`SELECT seq, ${column} FROM ${table}`).raw();
  const mine = rows.all().filter(([, content]) => {
    const userId = content === null ? undefined : userIn(content);
    return userId !== undefined && userDigest(userId) === digest;
  });
  const remove = db.prepare<[number]>(`DELETE FROM ${table} WHERE seq = ?`);
  for (const [seq] of mine) remove.run(seq);
}

/**
 * A prune went from user to user, and names them. A boundary moves to the user before: nobody else lies between, and what the forgotten
 * user had when it happened does not exist any more.
 */
function moveBoundaries(db: Database.Database, userId: string): void {
  const before = db.prepare<[string], string | null>('SELECT max(user_id) FROM user WHERE user_id < ?').pluck().get(userId) ?? '';
  db.prepare<[string, string]>('UPDATE prune SET after_user = ? WHERE after_user = ?').run(before, userId);
  db.prepare<[string, string]>('UPDATE prune SET to_user = ? WHERE to_user = ?').run(before, userId);
}
