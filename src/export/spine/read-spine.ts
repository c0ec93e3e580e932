/**
 * A spine: the rows for which profiles are wanted, {user_id, as_of_ms, ...}. It is read to its end, once, before anything is computed or
 * written: what is wrong is named with its line, and the columns and their types are known.
 */
import { setImmediate } from 'node:timers/promises';
import { TipstreamError } from '../../errors.js';
import { readTime, type NoTime } from '../../time.js';
import type { SpineRow } from '../../store/join/rows-of-spine.js';
import { jsonOf, RawJson, type Cell } from '../cell.js';
import { ColumnKinds, type Column } from '../columns.js';
import type { FlawedRecord, SpineRecord, SpineSource } from './source.js';

/** What the rows must have: a time (the join), or a decision (as it was served). */
export type SpineKey = 'as_of_ms' | 'decision_id';

/** The names that the spine's columns have. */
export interface SpineColumns {
  readonly user: string;
  readonly time: string;
  /** Of the positions by which a row is to be known; undefined: rows have none. */
  readonly known?: string | undefined;
}

export interface ReadSpineOptions {
  readonly key: SpineKey;
  readonly columns: SpineColumns;
  /** Columns of the output that a spine's own may not be named like. */
  readonly taken: Iterable<string>;
  readonly signal: AbortSignal;
  readonly onProgress: (rows: number) => void;
}

export interface SpineShape {
  readonly rows: number;
  /** The earliest as_of_ms; Infinity in a spine of decisions. */
  readonly earliestMs: number;
  /** The other columns in the order in which they were first seen. */
  readonly others: readonly Column[];
}

const SHOWN_FLAWS = 10;
const MAX_COLUMNS = 2_000;
/** Between these the process sees Ctrl-C. */
const ROWS_AT_ONCE = 1_000;

/** Throws invalid_argument naming the rows that cannot be used, and what the source throws. `keep` is given each row in its order. */
export async function readSpine(source: SpineSource, options: ReadSpineOptions, keep: (row: SpineRow) => void): Promise<SpineShape> {
  const reading = new Reading(source, options);
  let rows = 0;
  let earliestMs = Infinity;
  for await (const record of source.records((names) => reading.problemOf(names))) {
    if (++rows % ROWS_AT_ONCE === 0) {
      await setImmediate();
      options.signal.throwIfAborted();
      options.onProgress(rows);
    }
    const row = 'flaw' in record ? record : reading.rowOf(record);
    if ('flaw' in row) reading.blame(row);
    else {
      if (options.key === 'as_of_ms' && row.asOfMs < earliestMs) earliestMs = row.asOfMs;
      keep(row);
    }
  }
  reading.throwFlaws();
  return { rows, earliestMs, others: reading.others() };
}

class Reading {
  readonly #source: SpineSource;
  readonly #key: SpineKey;
  readonly #columns: SpineColumns;
  readonly #taken: ReadonlySet<string>;
  readonly #kinds = new Map<string, ColumnKinds>();
  readonly #flaws: { line: number; message: string }[] = [];
  #flawed = 0;
  #hint: string | undefined;

  constructor(source: SpineSource, { key, columns, taken }: ReadSpineOptions) {
    this.#source = source;
    this.#key = key;
    this.#columns = columns;
    this.#taken = new Set(taken);
  }

  /** Of columns that are named before the rows: no row need have a value of them. */
  problemOf(names: readonly string[]): string | undefined {
    const { user, time, known } = this.#columns;
    for (const name of [user, this.#key === 'as_of_ms' ? time : this.#key, ...(known === undefined ? [] : [known])])
      if (!names.includes(name)) return `has no column ${name}`;
    for (const name of names) {
      if (this.#isKey(name)) continue;
      if (this.#taken.has(name)) return takenColumn(name);
      this.#kindOf(name, 1);
    }
    return undefined;
  }

  rowOf({ line, members }: SpineRecord): SpineRow | FlawedRecord {
    const { user, time } = this.#columns;
    const userId = members.get(user);
    if (typeof userId !== 'string' || userId === '') return { line, flaw: `has no ${user} that is a text` };
    let asOfMs = 0;
    let decisionId = '';
    if (this.#key === 'as_of_ms') {
      const found = timeOf(members.get(time));
      if (found.ms === undefined) {
        if (found.guess === undefined) return { line, flaw: `has no ${time} in Unix milliseconds or ISO 8601` };
        return {
          line,
          flaw: `has ${/^[aeiou]/i.test(time) ? 'an' : 'a'} ${time} that looks wrong: ${found.guess.question}`,
          hint: found.guess.advice,
        };
      }
      asOfMs = found.ms;
    } else {
      const given = members.get('decision_id');
      if (typeof given !== 'string' || given === '') return { line, flaw: 'has no decision_id that is a text' };
      decisionId = given;
      members.delete('decision_id');
    }
    const known = this.#columns.known === undefined ? null : knownText(members.get(this.#columns.known));
    if (known === undefined) return { line, flaw: `has no ${this.#columns.known!}` };
    members.delete(user);
    members.delete(time);
    if (this.#columns.known !== undefined) members.delete(this.#columns.known);
    for (const [name, cell] of members) {
      if (this.#taken.has(name)) return { line, flaw: takenColumn(name) };
      this.#kindOf(name, line).add(cell);
    }
    return { line, userId, asOfMs, decisionId, others: textOf(members), known };
  }

  blame({ line, flaw, hint }: FlawedRecord): void {
    this.#flawed++;
    this.#hint ??= hint;
    if (this.#flaws.length < SHOWN_FLAWS) this.#flaws.push({ line, message: flaw });
  }

  throwFlaws(): void {
    if (this.#flawed === 0) return;
    const { unit } = this.#source;
    // What is wrong with the columns is wrong with no row.
    const shown = this.#flaws.map(({ line, message }) => (line === 0 ? `it ${message}` : `${unit} ${line} ${message}`)).join('; ');
    const more = this.#flawed > this.#flaws.length ? `; and ${this.#flawed - this.#flaws.length} more` : '';
    throw this.#error(`cannot be used: ${shown}${more}`, { errors: this.#flaws });
  }

  others(): Column[] {
    return [...this.#kinds].map(([name, kind]) => ({ name, type: kind.type() }));
  }

  /** A spine of decisions may have times, which are not asked for. */
  #isKey(name: string): boolean {
    return [this.#columns.user, this.#columns.time, this.#columns.known, this.#key].includes(name);
  }

  #kindOf(name: string, line: number): ColumnKinds {
    let kind = this.#kinds.get(name);
    if (kind !== undefined) return kind;
    if (this.#kinds.size === MAX_COLUMNS)
      throw this.#error(`has more than ${MAX_COLUMNS} different columns (${this.#source.unit} ${line})`);
    this.#kinds.set(name, (kind = new ColumnKinds()));
    return kind;
  }

  #error(what: string, details: object = {}): TipstreamError {
    const { name } = this.#source;
    return new TipstreamError('invalid_argument', `the spine ${name} ${what}`, {
      ...(this.#hint === undefined ? {} : { hint: this.#hint }),
      details: { file: name, ...details },
    });
  }
}

function takenColumn(name: string): string {
  return `has a column ${name}, which the export makes itself: give it another name`;
}

/** A number of JSON may have an exponent; in a text, one has often cost digits. */
function timeOf(cell: Cell): { readonly ms: number } | NoTime {
  if (typeof cell === 'string') return readTime(cell);
  if (typeof cell === 'number') return readTime(String(cell));
  return readTime(cell instanceof RawJson && cell.isNumber ? String(Number(cell.text)) : '');
}

/** An object, or its text. */
function knownText(cell: Cell): string | undefined {
  return cell instanceof RawJson ? cell.text : typeof cell === 'string' && cell !== '' ? cell : undefined;
}

function textOf(members: ReadonlyMap<string, Cell>): string | null {
  if (members.size === 0) return null;
  let text = '';
  for (const [name, cell] of members) if (cell !== undefined) text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${jsonOf(cell)}`;
  return text === '' ? null : `${text}}`;
}
