/**
 * Users whose profile has changed since it was last published. The set lives in memory; the file only says whether it is empty, so that
 * folding pays nothing for it. An owner that died with a set takes all users for changed: the topic is compacted, and saying a
 * profile again does no harm.
 */
import type Database from 'better-sqlite3';
import type { UserEntry } from './entries.js';

const FLAG = 'profiles_unpublished';

export class ChangedProfiles {
  readonly #set: Database.Statement<[string, string]>;
  readonly #get: Database.Statement<[string], string>;
  readonly #allUsers: Database.Statement<[], string>;
  #users = new Set<string>();
  /** What the file says: whether anything is unpublished. */
  #flagged = false;
  #everybody = false;
  #ignored = false;

  constructor(db: Database.Database) {
    this.#set = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
    this.#get = db.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#allUsers = db.prepare<[], string>('SELECT user_id FROM user').pluck();
    this.recover();
  }

  get size(): number {
    return this.#users.size;
  }

  add(userId: string): void {
    if (!this.#ignored) this.#users.add(userId);
  }

  /** Of a batch's users, as often as there is news of them. */
  note(user: UserEntry): void {
    if (user.noted) return;
    user.noted = true;
    this.add(user.userId);
  }

  remove(userId: string): void {
    this.#users.delete(userId);
  }

  /** Within a transaction: who opens the file next takes all users for changed. */
  leaveAll(): void {
    this.#everybody = true;
  }

  /** Nobody publishes profiles: what is left from before, or was left by a rebuild, is let go of. */
  ignore(): void {
    this.#ignored = true;
    this.#users.clear();
  }

  /** Takes some of them out, to be published in the transaction under way. */
  take(limit: number): string[] {
    const taken: string[] = [];
    for (const userId of this.#users) {
      if (taken.length === limit) break;
      taken.push(userId);
    }
    for (const userId of taken) this.#users.delete(userId);
    return taken;
  }

  /** Within a transaction: the file learns whether any are left. */
  flush(): void {
    const flag = this.#everybody || this.#users.size > 0;
    if (flag === this.#flagged) return;
    this.#set.run(FLAG, flag ? '1' : '0');
    this.#flagged = flag;
  }

  /** When the file was opened, and after a rollback. */
  recover(): void {
    this.#flagged = this.#get.get(FLAG) === '1';
    this.#everybody = false;
    if (this.#flagged && !this.#ignored) this.#users = new Set(this.#allUsers.all());
    else this.#users.clear();
  }
}
