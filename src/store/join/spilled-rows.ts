/**
 * The rows of a spine that are too many for memory, in two scratch files: as they were given, and what was found for each. SQLite sorts
 * them, with files of its own where they are very many.
 */
import Database from 'better-sqlite3';
import { join } from 'node:path';
import { makePrivateFile } from '../../private-file.js';
import type { FeatureValue } from '../../projections/feature.js';
import { textForSql, textFromSql } from '../../projections/sql-text.js';
import type { AnsweredRow, RowsOfSpine, SpineRow, TimedRow } from './rows-of-spine.js';

type Stored = [
  seq: number,
  line: number,
  user: string | Buffer,
  at: number,
  decision: string | Buffer,
  others: string | null,
  known: string | null,
];

const GIVEN = 'line, user_id, as_of_ms, decision_id, others, known';
const COLUMNS = `seq, ${GIVEN}`;
/** Read in pieces: a statement that is under way costs more a row. */
const ROWS_AT_ONCE = 2_000;
/** So many at a time are written in the order of their table. */
const ANSWERS_AT_ONCE = 20_000;
const CACHE_KIB = 32_768;

export class SpilledRows implements RowsOfSpine {
  readonly #rows: Database.Database;
  readonly #answers: Database.Database;
  readonly #insert: Database.Statement<[number, number, string | Uint8Array, number, string | Uint8Array, string | null, string | null]>;
  readonly #insertAnswer: Database.Statement<[number, string]>;
  #held: [seq: number, answer: string][] = [];
  /** Those that were given last, which are often those of the next row too, and their text. */
  #features: readonly FeatureValue[] | undefined;
  #text = '';
  #count = 0;

  /** The files are the caller's to remove, with the folder. */
  constructor(directory: string) {
    this.#rows = scratchFile(join(directory, 'spine.db'));
    this.#rows.exec(
      'CREATE TABLE spine (seq INTEGER PRIMARY KEY, nr INTEGER NOT NULL, line INTEGER NOT NULL, user_id ANY NOT NULL, ' +
        'as_of_ms INTEGER NOT NULL, decision_id ANY NOT NULL, others TEXT, known TEXT) STRICT; BEGIN',
    );
    this.#insert = this.#rows.prepare(`INSERT INTO spine (nr, ${GIVEN}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#answers = scratchFile(join(directory, 'answers.db'));
    this.#answers.exec('CREATE TABLE answer (seq INTEGER PRIMARY KEY, answer TEXT NOT NULL) STRICT; BEGIN');
    this.#insertAnswer = this.#answers.prepare('INSERT INTO answer (seq, answer) VALUES (?, ?)');
  }

  get count(): number {
    return this.#count;
  }

  add({ line, userId, asOfMs, decisionId, others, known }: SpineRow): void {
    this.#insert.run(++this.#count, line, textForSql(userId), asOfMs, textForSql(decisionId), others, known);
  }

  /** By user, then by time; `answer` may be called meanwhile, `add` may not. */
  *byUserAndTime(): Generator<TimedRow> {
    // Among equal rows a search goes on by nr, which is seq as a column of its own: the key itself cannot be searched by in an index.
    this.#rows.exec('CREATE INDEX by_user ON spine (user_id, as_of_ms, nr)');
    const after = this.#rows
      .prepare<[string | Uint8Array, number, number], [number, string | Buffer, number]>(
        `SELECT nr, user_id, as_of_ms FROM spine WHERE (user_id, as_of_ms, nr) > (?, ?, ?)
         ORDER BY user_id, as_of_ms, nr LIMIT ${ROWS_AT_ONCE}`,
      )
      .raw();
    let last: TimedRow = { seq: 0, userId: '', asOfMs: -1 };
    for (;;) {
      const rows = after.all(textForSql(last.userId), last.asOfMs, last.seq);
      for (const [seq, user, asOfMs] of rows) yield (last = { seq, userId: textFromSql(user), asOfMs });
      if (rows.length < ROWS_AT_ONCE) return;
    }
  }

  answer(seq: number, features: readonly FeatureValue[]): void {
    if (features !== this.#features) this.#text = JSON.stringify(features);
    this.#features = features;
    this.#held.push([seq, this.#text]);
    if (this.#held.length >= ANSWERS_AT_ONCE) this.#writeAnswers();
  }

  /** In the order in which they were added, with their answers. */
  *inOrder(): Generator<AnsweredRow> {
    this.#writeAnswers();
    const rows = this.#rows.prepare<[number, number], Stored>(`SELECT ${COLUMNS} FROM spine WHERE seq > ? AND seq <= ? ORDER BY seq`).raw();
    const answers = this.#answers
      .prepare<[number, number], [number, string]>('SELECT seq, answer FROM answer WHERE seq > ? AND seq <= ? ORDER BY seq')
      .raw();
    for (let seq = 0; seq < this.#count; seq += ROWS_AT_ONCE) {
      const answered = answers.all(seq, seq + ROWS_AT_ONCE);
      let next = 0;
      for (const stored of rows.all(seq, seq + ROWS_AT_ONCE)) {
        const isIts = answered[next]?.[0] === stored[0];
        yield rowOf(stored, isIts ? answered[next++]![1] : null);
      }
    }
  }

  /** Those before a time, in the order in which they were added. */
  *before(asOfMs: number): Generator<SpineRow> {
    const rows = this.#rows.prepare<[number], Stored>(`SELECT ${COLUMNS} FROM spine WHERE as_of_ms < ? ORDER BY seq`).raw();
    for (const stored of rows.iterate(asOfMs)) yield rowOf(stored, null);
  }

  close(): void {
    this.#rows.close();
    this.#answers.close();
  }

  #writeAnswers(): void {
    const held = this.#held.sort(([a], [b]) => a - b);
    this.#held = [];
    for (const [seq, answer] of held) this.#insertAnswer.run(seq, answer);
  }
}

/** Nobody reads it after a crash. */
function scratchFile(path: string): Database.Database {
  makePrivateFile(path);
  const db = new Database(path);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma(`cache_size = -${CACHE_KIB}`);
  return db;
}

function rowOf([, line, user, asOfMs, decision, others, known]: Stored, answer: string | null): AnsweredRow {
  const features = answer === null ? null : (JSON.parse(answer) as FeatureValue[]);
  return { line, userId: textFromSql(user), asOfMs, decisionId: textFromSql(decision), others, known, features };
}
