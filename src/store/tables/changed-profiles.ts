/**
 * Users whose profile has changed since it was last published. The set lives in memory, a bit a user; the file only says whether it is
 * empty, so that folding pays nothing for it. An owner that died with a set takes all users for changed: the topic is compacted, and saying
 * a profile again does no harm.
 */
import type Database from 'better-sqlite3';
import { BitSet } from './held/bit-set.js';
import type { UserEntry } from './held/entries.js';

const FLAG = 'profiles_unpublished';

export class ChangedProfiles {
  readonly #set: Database.Statement<[string, string]>;
  readonly #get: Database.Statement<[string], string>;
  readonly #allUids: Database.Statement<[], number>;
  readonly #uids = new BitSet();
  /** What the file says: whether anything is unpublished. */
  #flagged = false;
  #everybody = false;
  #ignored = false;

  constructor(db: Database.Database) {
    this.#set = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
    this.#get = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#allUids = db.prepare<[], number>('SELECT uid FROM user').pluck();
    this.recover();
  }

  get size(): number {
    return this.#uids.size;
  }

  note({ uid }: Pick<UserEntry, 'uid'>): void {
    if (!this.#ignored) this.#uids.add(uid);
  }

  remove({ uid }: Pick<UserEntry, 'uid'>): void {
    this.#uids.delete(uid);
  }

  /** Within a transaction: who opens the file next takes all users for changed. */
  leaveAll(): void {
    this.#everybody = true;
  }

  /** Nobody publishes profiles: what is left from before, or was left by a rebuild, is let go of. */
  ignore(): void {
    this.#ignored = true;
    this.#uids.clear();
  }

  /** Takes some of them out, to be published in the transaction under way: their uids. Each has its turn, however often others change. */
  take(limit: number): number[] {
    return this.#uids.take(limit);
  }

  /** Within a transaction: the file learns whether any are left. */
  flush(): void {
    const flag = this.#everybody || this.#uids.size > 0;
    if (flag === this.#flagged) return;
    this.#set.run(FLAG, flag ? '1' : '0');
    this.#flagged = flag;
  }

  /** When the file was opened, and after a rollback. */
  recover(): void {
    this.#flagged = this.#get.get(FLAG) === '1';
    this.#everybody = false;
    this.#uids.clear();
    if (this.#flagged && !this.#ignored) for (const uid of this.#allUids.iterate()) this.#uids.add(uid);
  }
}
