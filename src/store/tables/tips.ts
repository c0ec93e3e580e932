/** The kept times of each tip, and the time index of users with very many of them. */
import type Database from 'better-sqlite3';
import { NO_TIP, type TipState } from '../../projections/tip.js';
import { textFromSql } from '../../projections/sql-text.js';
import type { IdentifiedTip, TipSource } from '../../projections/as-of.js';
import type { TimedTip } from '../../projections/tip-order.js';
import { TIME_INDEX_ABOVE_TIPS } from './schema.js';
import type { TipEntry, UserEntry } from './held/entries.js';
import { TipWriter } from './held/tip-writer.js';

type Columns = [
  served: number | null,
  category: string | Buffer | null,
  done: number | null,
  offset: number | null,
  dismiss: number | null,
  snooze: number | null,
];
type Row = [...Columns, linked: number];
type IdentifiedRow = [tipId: string, ...Columns];
type LinkedRow = [...IdentifiedRow, linked: number];
type TimedRow = [...Columns, atMs: number, tipId: string];

const COLUMNS = 'served_at_ms, served_category, done_at_ms, done_utc_offset_min, dismiss_at_ms, snooze_at_ms';
const TIMES_AT_ONCE = 1_000;
/** The last of a tip's times. */
const LAST_TIME = 'max(coalesce(served_at_ms, -1), coalesce(done_at_ms, -1), coalesce(dismiss_at_ms, -1), coalesce(snooze_at_ms, -1))';
const QUALIFIED = 'tip.served_at_ms, tip.served_category, tip.done_at_ms, tip.done_utc_offset_min, tip.dismiss_at_ms, tip.snooze_at_ms';

export class TipTable {
  readonly #get: Database.Statement<[number, string], Row>;
  readonly #writer: TipWriter;
  readonly #reading: TipReader;
  readonly #insertTime: Database.Statement<[number, number, string]>;
  readonly #deleteTime: Database.Statement<[number, number, string]>;
  readonly #deleteTips: Database.Statement<[number]>;
  readonly #deleteTimes: Database.Statement<[number]>;
  readonly #older: Database.Statement<[number, number], LinkedRow>;
  readonly #lastTimes: Database.Statement<[number, number], { newestMs: number | null; oldestMs: number | null }>;
  readonly #deleteOlder: Database.Statement<[number, number]>;
  readonly #deleteTimesOfNone: Database.Statement<[number, number]>;
  readonly #capacity: number;
  #loaded = 0;

  constructor(db: Database.Database, capacity: number) {
    this.#get = db.prepare<[number, string], Row>(`SELECT ${COLUMNS}, linked FROM tip WHERE uid = ? AND tip_id = ?`).raw();
    this.#writer = new TipWriter(db);
    this.#insertTime = db.prepare('INSERT INTO tip_time (uid, at_ms, tip_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
    this.#deleteTime = db.prepare('DELETE FROM tip_time WHERE uid = ? AND at_ms = ? AND tip_id = ?');
    this.#deleteTips = db.prepare('DELETE FROM tip WHERE uid = ?');
    this.#deleteTimes = db.prepare('DELETE FROM tip_time WHERE uid = ?');
    this.#older = db
      .prepare<[number, number], LinkedRow>(`SELECT tip_id, ${COLUMNS}, linked FROM tip WHERE uid = ? AND ${LAST_TIME} < ?`)
      .raw();
    this.#lastTimes = db.prepare<[number, number], { newestMs: number | null; oldestMs: number | null }>(
      `SELECT max(${LAST_TIME}) AS newestMs, min(${LAST_TIME}) AS oldestMs FROM tip WHERE uid > ? AND uid <= ?`,
    );
    this.#deleteOlder = db.prepare<[number, number]>(`DELETE FROM tip WHERE uid = ? AND ${LAST_TIME} < ?`);
    this.#deleteTimesOfNone = db.prepare<[number, number]>(
      'DELETE FROM tip_time WHERE uid = ? AND at_ms < ? AND NOT EXISTS (SELECT 1 FROM tip WHERE ' +
        'tip.uid = tip_time.uid AND tip.tip_id = tip_time.tip_id)',
    );
    this.#reading = new TipReader(db);
    this.#capacity = capacity;
  }

  /** The tip as the batch under way sees it; an entry of NO_TIP when there is none. */
  obtain(user: UserEntry, tipId: string): TipEntry {
    const loaded = user.loaded.get(tipId);
    if (loaded !== undefined) return loaded;
    const row = user.tips === 0 ? undefined : this.#get.get(user.uid, tipId);
    const tip = row === undefined ? NO_TIP : tipOf(row, 0);
    const entry: TipEntry = {
      tipId,
      tip,
      savedTip: row === undefined ? undefined : tip,
      linked: row?.[6] === 1,
      unsaved: false,
      olderUnsaved: undefined,
      olderLoaded: undefined,
    };
    user.loaded.add(entry);
    this.#loaded++;
    return entry;
  }

  change(user: UserEntry, entry: TipEntry, tip: TipState, linked: boolean): void {
    entry.tip = tip;
    entry.linked = linked;
    if (entry.unsaved) return;
    if (entry.savedTip === undefined) user.tips++;
    entry.unsaved = true;
    entry.olderUnsaved = user.lastUnsaved;
    user.lastUnsaved = entry;
  }

  /** Writes these users' changed tips. */
  flush(users: readonly UserEntry[]): void {
    for (const user of users) {
      for (let entry = user.lastUnsaved; entry !== undefined; entry = forgetOlder(entry)) {
        this.#writer.write(user.uid, entry);
        if (user.timeIndexed) this.#reindex(user.uid, entry);
        entry.savedTip = entry.tip;
        entry.unsaved = false;
      }
      user.lastUnsaved = undefined;
      if (!user.timeIndexed && user.tips > TIME_INDEX_ABOVE_TIPS) this.#indexAll(user);
    }
    this.#writer.end();
  }

  /** The user's saved tips: flush first. */
  source(user: UserEntry): TipSource {
    return this.#reading.source(user.uid, user.tips, user.timeIndexed);
  }

  /**
   * Of the last times of all saved tips of the users with uids in (afterUid, toUid] the newest and the oldest; undefined: they have no
   * tips.
   */
  lastTimes(afterUid: number, toUid: number): { readonly newestMs: number; readonly oldestMs: number } | undefined {
    const { newestMs, oldestMs } = this.#lastTimes.get(afterUid, toUid)!;
    return newestMs === null || oldestMs === null ? undefined : { newestMs, oldestMs };
  }

  /** The user's saved tips all of whose times lie before `horizonMs`. */
  olderThan(uid: number, horizonMs: number): (IdentifiedTip & { readonly linked: boolean })[] {
    return this.#older.all(uid, horizonMs).map((row) => ({ tipId: row[0], tip: tipOf(row, 1), linked: row[7] === 1 }));
  }

  /** `older` is what olderThan answers, and nothing of the user is unsaved. */
  removeOlderThan(user: UserEntry, horizonMs: number, older: readonly IdentifiedTip[]): void {
    this.#deleteOlder.run(user.uid, horizonMs);
    if (user.timeIndexed) this.#deleteTimesOfNone.run(user.uid, horizonMs);
    for (const { tipId } of older) if (user.loaded.delete(tipId)) this.#loaded--;
    user.tips -= older.length;
  }

  deleteAll(user: UserEntry): void {
    this.#deleteTips.run(user.uid);
    this.#deleteTimes.run(user.uid);
    user.loaded.clear();
    user.lastUnsaved = undefined;
    user.tips = 0;
    user.timeIndexed = false;
  }

  /** Of a user whose rows are gone. */
  dropLoaded(user: UserEntry): void {
    this.#loaded -= user.loaded.size;
    user.loaded.clear();
    user.lastUnsaved = undefined;
  }

  get crowded(): boolean {
    return this.#loaded > this.#capacity;
  }

  forgotten(): void {
    this.#loaded = 0;
    this.#writer.forget();
  }

  #indexAll(user: UserEntry): void {
    this.#writer.end();
    for (const { tipId, tip } of this.#reading.tipsOf(user.uid)) this.#index(user.uid, tipId, tip);
    user.timeIndexed = true;
  }

  #index(uid: number, tipId: string, tip: TipState): void {
    for (const at of timesOf(tip)) if (at !== null) this.#insertTime.run(uid, at, tipId);
  }

  #reindex(uid: number, entry: TipEntry): void {
    if (entry.savedTip !== undefined) for (const at of timesOf(entry.savedTip)) if (at !== null) this.#deleteTime.run(uid, at, entry.tipId);
    this.#index(uid, entry.tipId, entry.tip);
  }
}

/** Reads tips for as-of computation, from the writer's connection or a reader's. */
export class TipReader {
  readonly #identified: Database.Statement<[number], IdentifiedRow>;
  readonly #all: Database.Statement<[number], Columns>;
  readonly #one: Database.Statement<[number, string], IdentifiedRow>;
  readonly #between: Database.Statement<[number, number, number], IdentifiedRow>;
  readonly #after: Database.Statement<[number, number, string], TimedRow>;
  readonly #atOrAfter: Database.Statement<[number, number], number | null>;
  readonly #before: Database.Statement<[number, number], number | null>;

  constructor(db: Database.Database) {
    this.#identified = db.prepare<[number], IdentifiedRow>(`SELECT tip_id, ${COLUMNS} FROM tip WHERE uid = ?`).raw();
    this.#all = db.prepare<[number], Columns>(`SELECT ${COLUMNS} FROM tip WHERE uid = ?`).raw();
    this.#one = db.prepare<[number, string], IdentifiedRow>(`SELECT tip_id, ${COLUMNS} FROM tip WHERE uid = ? AND tip_id = ?`).raw();
    this.#between = db
      .prepare<[number, number, number], IdentifiedRow>(
        `SELECT tip.tip_id, ${QUALIFIED} FROM tip_time JOIN tip ON tip.uid = tip_time.uid AND tip.tip_id = tip_time.tip_id
         WHERE tip_time.uid = ? AND tip_time.at_ms >= ? AND tip_time.at_ms < ?`,
      )
      .raw();
    this.#after = db
      .prepare<[number, number, string], TimedRow>(
        `SELECT ${QUALIFIED}, tip_time.at_ms, tip_time.tip_id
         FROM tip_time CROSS JOIN tip ON tip.uid = tip_time.uid AND tip.tip_id = tip_time.tip_id
         WHERE tip_time.uid = ? AND (tip_time.at_ms, tip_time.tip_id) > (?, ?)
         ORDER BY tip_time.at_ms, tip_time.tip_id LIMIT ${TIMES_AT_ONCE}`,
      )
      .raw();
    this.#atOrAfter = db.prepare<[number, number], number | null>('SELECT min(at_ms) FROM tip_time WHERE uid = ? AND at_ms >= ?').pluck();
    this.#before = db.prepare<[number, number], number | null>('SELECT max(at_ms) FROM tip_time WHERE uid = ? AND at_ms < ?').pluck();
  }

  /** undefined: nothing is kept of it. */
  tip(uid: number, tipId: string): TipState | undefined {
    const row = this.#one.get(uid, tipId);
    return row === undefined ? undefined : tipOf(row, 1);
  }

  *tipsOf(uid: number): Generator<IdentifiedTip> {
    for (const row of this.#identified.all(uid)) yield { tipId: row[0], tip: tipOf(row, 1) };
  }

  /** In chunks, so that several can be read at a time and none keeps the connection busy. No tip_id is empty. */
  *#tipsFrom(uid: number, fromMs: number): Generator<TimedTip> {
    let rows = this.#after.all(uid, fromMs, '');
    while (rows.length > 0) {
      for (const row of rows) yield { atMs: row[6], tip: tipOf(row, 0) };
      const last = rows.at(-1)!;
      rows = rows.length < TIMES_AT_ONCE ? [] : this.#after.all(uid, last[6], last[7]);
    }
  }

  source(uid: number, count: number, timeIndexed: boolean): TipSource {
    const all = this.#all;
    const between = this.#between;
    const source: TipSource = {
      count,
      *all() {
        for (const row of all.all(uid)) yield tipOf(row, 0);
      },
    };
    if (!timeIndexed) return source;
    return {
      ...source,
      timeIndex: {
        *withTimeIn(fromMs, toMs) {
          for (const row of between.all(uid, fromMs, toMs)) yield { id: row[0], counted: tipOf(row, 1) };
        },
        tipsFrom: (fromMs) => this.#tipsFrom(uid, fromMs),
        firstTimeAtOrAfter: (ms) => this.#atOrAfter.get(uid, ms) ?? null,
        lastTimeBefore: (ms) => this.#before.get(uid, ms) ?? null,
      },
    };
  }
}

/** Lets go of the entry before, and answers it. */
function forgetOlder(entry: TipEntry): TipEntry | undefined {
  const older = entry.olderUnsaved;
  entry.olderUnsaved = undefined;
  return older;
}

function timesOf(tip: TipState): (number | null)[] {
  return [tip.servedAtMs, tip.doneAtMs, tip.dismissAtMs, tip.snoozeAtMs];
}

function tipOf(row: Row | Columns | IdentifiedRow | LinkedRow | TimedRow, from: 0 | 1): TipState {
  const category = row[from + 1] as string | Buffer | null;
  return {
    servedAtMs: row[from] as number | null,
    servedCategory: category === null ? null : textFromSql(category),
    doneAtMs: row[from + 2] as number | null,
    doneUtcOffsetMin: row[from + 3] as number | null,
    dismissAtMs: row[from + 4] as number | null,
    snoozeAtMs: row[from + 5] as number | null,
  };
}
