/**
 * Users of one partition and their cached aggregates. Entries live in memory across batches (bounded) and are written
 * once per batch, however many events touched them.
 */
import type Database from 'better-sqlite3';
import { type Aggregate, createAggregate } from '../../projections/aggregate.js';
import { CounterNumbers, NumberedCounters } from '../../projections/counters/numbered-counters.js';
import { userDigest } from '../../events/user-digest.js';
import { storedCounters } from '../stored-counters.js';
import type { UserEntry } from './held/entries.js';
import { LoadedTips } from './held/loaded-tips.js';

/** No row has it. */
const NO_UID = -1;

/** A user's row in the file. */
export interface UserSummary {
  readonly userId: string;
  readonly uid: number;
  readonly tips: number;
}

type Row = [uid: number, userId: string, tips: number, indexed: number, after: number, until: number, counters: string];

export class UserTable {
  readonly #path: string;
  readonly #find: Database.Statement<[string], Row>;
  readonly #findUid: Database.Statement<[number], Row>;
  readonly #insert: Database.Statement;
  readonly #update: Database.Statement;
  readonly #count: Database.Statement<[], number>;
  readonly #after: Database.Statement<[string, number], UserSummary>;
  readonly #afterUid: Database.Statement<[number], [uid: number, tips: number]>;
  readonly #ids: Database.Statement<[], string>;
  readonly #delete: Database.Statement<[number]>;
  readonly #lastUid: Database.Statement<[], number>;
  readonly #numbers: CounterNumbers;
  readonly #decode: (text: string) => NumberedCounters;
  readonly #cached = new Map<string, UserEntry>();
  readonly #dirty: UserEntry[] = [];
  readonly #capacity: number;
  #nextUid: number;
  #stored: number;

  /** `counters`: the names that most users count. */
  constructor(db: Database.Database, counters: Iterable<string>, capacity: number) {
    this.#path = db.name;
    const columns = 'uid, user_id, tips, time_indexed, exact_after_ms, exact_until_ms, counters';
    this.#find = db.prepare<[string], Row>(`SELECT ${columns} FROM user WHERE user_id = ?`).raw();
    this.#findUid = db.prepare<[number], Row>(`SELECT ${columns} FROM user WHERE uid = ?`).raw();
    this.#insert = db.prepare(
      'INSERT INTO user (uid, user_id, tips, time_indexed, exact_after_ms, exact_until_ms, counters, ' +
        'updated_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.#update = db.prepare(
      'UPDATE user SET tips = ?, time_indexed = ?, exact_after_ms = ?, exact_until_ms = ?, counters = ?, updated_at_ms = ? WHERE uid = ?',
    );
    this.#count = db.prepare<[], number>('SELECT count(*) FROM user').pluck();
    this.#after = db.prepare<[string, number], UserSummary>(
      'SELECT user_id AS userId, uid, tips FROM user WHERE user_id > ? ORDER BY user_id LIMIT ?',
    );
    this.#afterUid = db.prepare<[number], [number, number]>('SELECT uid, tips FROM user WHERE uid > ? ORDER BY uid').raw();
    this.#ids = db.prepare<[], string>('SELECT user_id FROM user').pluck();
    this.#delete = db.prepare<[number]>('DELETE FROM user WHERE uid = ?');
    this.#lastUid = db.prepare<[], number>('SELECT coalesce(max(uid), 0) FROM user').pluck();
    this.#numbers = new CounterNumbers(counters);
    this.#decode = (text) => NumberedCounters.decode(this.#numbers, text);
    this.#capacity = capacity;
    this.#nextUid = this.#lastUid.get()! + 1;
    this.#stored = this.#count.get()!;
  }

  find(userId: string): UserEntry | undefined {
    const cached = this.#cached.get(userId);
    if (cached !== undefined) return cached;
    const row = this.#find.get(userId);
    return row === undefined ? undefined : this.#remember(this.#entryOf(row));
  }

  /** undefined: there is no such user in the file. */
  withUid(uid: number): UserEntry | undefined {
    const row = this.#findUid.get(uid);
    return row === undefined ? undefined : (this.#cached.get(row[1]) ?? this.#remember(this.#entryOf(row)));
  }

  /** Finds the user or makes one, which the batch under way stores. */
  obtain(userId: string): UserEntry {
    const found = this.find(userId);
    if (found !== undefined) return found;
    const entry = this.#fresh(this.#nextUid++, userId);
    this.markDirty(entry);
    return this.#remember(entry);
  }

  /**
   * The user with that digest, in the batch under way or in the file. Looks at every user: a million take about a second.
   */
  withDigest(digest: string): UserEntry | undefined {
    for (const entry of this.#cached.values()) if (userDigest(entry.userId) === digest) return entry;
    for (const userId of this.#ids.iterate()) if (userDigest(userId) === digest) return this.find(userId);
    return undefined;
  }

  /** Within a transaction: the user is none any more. Rows of other tables are the caller's. */
  remove(entry: UserEntry): void {
    this.#cached.delete(entry.userId);
    const dirty = this.#dirty.indexOf(entry);
    if (dirty >= 0) this.#dirty.splice(dirty, 1);
    if (!entry.stored) return;
    this.#delete.run(entry.uid);
    this.#stored--;
  }

  /** A user of whom nothing is known, to be asked about and thrown away. */
  stranger(userId: string): UserEntry {
    return this.#fresh(NO_UID, userId);
  }

  /** Takes the place of what is cached of the user: the same tips, counted for another time, or counted anew. */
  keep(entry: UserEntry, { afterMs, untilMs, counters }: Aggregate): void {
    entry.aggregate = { afterMs, untilMs, counters: NumberedCounters.of(this.#numbers, counters) };
    this.markDirty(entry);
  }

  markDirty(entry: UserEntry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }

  /** So that a batch goes through each table from its beginning to its end. */
  sortChanged(): void {
    this.#dirty.sort((a, b) => a.uid - b.uid);
  }

  /** Users changed by the batch under way. */
  get changed(): readonly UserEntry[] {
    return this.#dirty;
  }

  /** Users in the file. */
  get count(): number {
    return this.#stored;
  }

  /** Up to `limit` users of the file whose ids come after `userId` by code point, in that order. */
  after(userId: string, limit: number): UserSummary[] {
    return this.#after.all(userId, limit);
  }

  /** The last of the users after `uid` who have about `tips` tips together; null: fewer are left. */
  uidAfterTips(uid: number, tips: number): number | null {
    let left = tips;
    for (const [found, count] of this.#afterUid.iterate(uid)) {
      left -= count + 1;
      if (left <= 0) return found;
    }
    return null;
  }

  flush(nowMs: number): void {
    for (const entry of this.#dirty) {
      const { afterMs, untilMs, counters } = entry.aggregate;
      const encoded = counters.encode();
      const indexed = entry.timeIndexed ? 1 : 0;
      if (entry.stored) this.#update.run(entry.tips, indexed, afterMs, untilMs, encoded, nowMs, entry.uid);
      else this.#insert.run(entry.uid, entry.userId, entry.tips, indexed, afterMs, untilMs, encoded, nowMs);
      if (!entry.stored) this.#stored++;
      entry.stored = true;
      entry.dirty = false;
    }
    this.#dirty.length = 0;
  }

  /** Between batches: drop the least recently added half when there are too many. */
  trim(): void {
    if (this.#cached.size <= this.#capacity) return;
    let surplus = this.#cached.size - (this.#capacity >> 1);
    for (const userId of this.#cached.keys()) {
      if (surplus-- <= 0) break;
      this.#cached.delete(userId);
    }
  }

  /** After a rollback: memory may be ahead of the file. */
  forget(): void {
    this.#cached.clear();
    this.#dirty.length = 0;
    this.#nextUid = this.#lastUid.get()! + 1;
    this.#stored = this.#count.get()!;
  }

  forgetTips(): void {
    for (const entry of this.#cached.values()) entry.loaded.clear();
  }

  #entryOf([uid, userId, tips, indexed, afterMs, untilMs, counters]: Row): UserEntry {
    const whose = () => `the user ${JSON.stringify(userId)}`;
    const aggregate: Aggregate = { afterMs, untilMs, counters: storedCounters(this.#path, whose, counters, this.#decode) };
    const entry = entryWith(uid, userId, aggregate);
    entry.tips = tips;
    entry.timeIndexed = indexed === 1;
    entry.stored = true;
    return entry;
  }

  #fresh(uid: number, userId: string): UserEntry {
    return entryWith(uid, userId, createAggregate(NumberedCounters.empty(this.#numbers)));
  }

  #remember(entry: UserEntry): UserEntry {
    this.#cached.set(entry.userId, entry);
    return entry;
  }
}

/** Of a user without tips, whom the file does not hold. */
function entryWith(uid: number, userId: string, aggregate: Aggregate): UserEntry {
  return {
    uid,
    userId,
    aggregate,
    tips: 0,
    timeIndexed: false,
    stored: false,
    dirty: false,
    loaded: new LoadedTips(),
    lastUnsaved: undefined,
  };
}
