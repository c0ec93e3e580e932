/**
 * A spine: the lines for which profiles are wanted, {user_id, as_of_ms, ...} as NDJSON or as CSV with a header. The file is read
 * twice: first checked to its end, so that a bad line is named before hours of work and the columns are known, then walked.
 */
import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { jsonProblem } from '../events/json-problem.js';
import { cannotRead, TipstreamError } from '../errors.js';
import { readTime, type NoTime } from '../time.js';
import { linesOf, MAX_LINE_BYTES } from '../producer/line-reader.js';
import { RawJson, type Cell } from './cell.js';
import { ColumnKinds, type Column } from './columns.js';
import { CsvError, csvRecords } from './csv-records.js';
import { membersOf } from './json-members.js';

/** What the lines must have: a time (the join), or a decision (as it was served). */
export type SpineKey = 'as_of_ms' | 'decision_id';

export interface SpineLine {
  readonly line: number;
  readonly userId: string;
  /** Of a spine of times. */
  readonly asOfMs: number;
  /** Of a spine of decisions. */
  readonly decisionId: string;
  /** The other columns. */
  readonly others: ReadonlyMap<string, Cell>;
}

export interface SpineShape {
  readonly lines: number;
  /** The earliest as_of_ms; Infinity in a spine of decisions. */
  readonly earliestMs: number;
  /** The other columns in the order in which they were first seen. */
  readonly others: readonly Column[];
}

/** A plain file: it is read twice. */
export interface SpineFile {
  readonly path: string;
  /** What messages call it, and whose ending says what it is; the path unless given. */
  readonly name?: string | undefined;
}

interface Flawed {
  readonly line: number;
  readonly flaw: string;
  readonly hint?: string;
}

const SHOWN_FLAWS = 10;
const MAX_COLUMNS = 2_000;

export class Spine {
  readonly #path: string;
  readonly #name: string;
  readonly #key: SpineKey;
  readonly #taken: ReadonlySet<string>;

  /** `taken`: columns of the output that a spine's own may not be named like. */
  constructor({ path, name = path }: SpineFile, key: SpineKey, taken: Iterable<string>) {
    this.#path = path;
    this.#name = name;
    this.#key = key;
    this.#taken = new Set(taken);
  }

  /** Reads it to its end. Throws invalid_argument naming the lines that cannot be used, and not_found. */
  async check(): Promise<SpineShape> {
    const kinds = new Map<string, ColumnKinds>();
    const flaws: { line: number; message: string }[] = [];
    let lines = 0;
    let flawed = 0;
    let earliestMs = Infinity;
    let hint: string | undefined;
    const kindOf = (name: string, line: number): ColumnKinds => {
      let kind = kinds.get(name);
      if (kind !== undefined) return kind;
      if (kinds.size === MAX_COLUMNS) throw this.#error(`has more than ${MAX_COLUMNS} different columns (line ${line})`);
      kinds.set(name, (kind = new ColumnKinds()));
      return kind;
    };
    // A header names columns that no line need have.
    for await (const found of this.#lines((names, line) => this.#othersOf(names).forEach((name) => kindOf(name, line)))) {
      lines++;
      if ('flaw' in found) {
        flawed++;
        hint ??= found.hint;
        if (flaws.length < SHOWN_FLAWS) flaws.push({ line: found.line, message: found.flaw });
        continue;
      }
      if (this.#key === 'as_of_ms' && found.asOfMs < earliestMs) earliestMs = found.asOfMs;
      for (const [name, cell] of found.others) kindOf(name, found.line).add(cell);
    }
    if (flawed > 0) {
      const shown = flaws.map(({ line, message }) => `line ${line} ${message}`).join('; ');
      throw this.#error(`cannot be used: ${shown}${flawed > flaws.length ? `; and ${flawed - flaws.length} more` : ''}`, { flaws, hint });
    }
    return { lines, earliestMs, others: [...kinds].map(([name, kind]) => ({ name, type: kind.type() })) };
  }

  /** The lines in their order. Throws when the file is no longer as it was when it was checked. */
  async *walk(): AsyncGenerator<SpineLine> {
    for await (const found of this.#lines()) {
      if ('flaw' in found) throw this.#error(`has changed since it was checked: line ${found.line} ${found.flaw}`);
      yield found;
    }
  }

  async *#lines(onHeader: OnHeader = () => undefined): AsyncGenerator<SpineLine | Flawed> {
    const csv = await this.#isCsv();
    try {
      yield* csv ? this.#csvLines(onHeader) : this.#jsonLines();
    } catch (error) {
      if (error instanceof CsvError) yield { line: error.line, flaw: error.message };
      else throw unreadable(this.#name, error);
    }
  }

  /** By its extension, else by its first character: an object begins with a brace, a header does not; of nothing there are no lines. */
  async #isCsv(): Promise<boolean> {
    const extension = /\.(csv|ndjson|jsonl|json)$/i.exec(this.#name)?.[1]?.toLowerCase();
    if (extension !== undefined) return extension === 'csv';
    try {
      const file = await open(this.#path);
      try {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(4_096), 0, 4_096, 0);
        const start = buffer
          .subarray(0, bytesRead)
          .toString()
          .replace(/^\ufeff/, '')
          .trimStart();
        return start !== '' && !start.startsWith('{');
      } finally {
        await file.close();
      }
    } catch (error) {
      throw unreadable(this.#name, error);
    }
  }

  async *#jsonLines(): AsyncGenerator<SpineLine | Flawed> {
    let line = 0;
    for await (const bytes of linesOf(createReadStream(this.#path))) {
      line++;
      if (bytes.length > MAX_LINE_BYTES) yield { line, flaw: `is longer than ${MAX_LINE_BYTES} bytes` };
      else if (!isUtf8(bytes)) yield { line, flaw: 'is not well-formed UTF-8' };
      else {
        const text = bytes.toString();
        if (text.trim() === '') continue;
        const members = parseObject(text);
        yield typeof members === 'string' ? { line, flaw: members } : this.#lineOf(line, members);
      }
    }
  }

  async *#csvLines(onHeader: OnHeader): AsyncGenerator<SpineLine | Flawed> {
    let header: readonly string[] | undefined;
    for await (const { line, fields } of csvRecords(createReadStream(this.#path))) {
      if (header === undefined) {
        header = fields.map((name) => name ?? '');
        const twice = header.find((name, at) => header!.indexOf(name) !== at);
        if (twice !== undefined) throw new CsvError(line, `names the column ${JSON.stringify(twice)} twice`);
        for (const name of ['user_id', this.#key])
          if (!header.includes(name)) throw new CsvError(line, `has no column ${name} (${whatNamesColumns(header)})`);
        const taken = this.#othersOf(header).find((name) => this.#taken.has(name));
        if (taken !== undefined) throw new CsvError(line, takenColumn(taken));
        onHeader(header, line);
      } else if (fields.length !== header.length) {
        yield { line, flaw: `has ${fields.length} fields where the header has ${header.length}` };
      } else {
        yield this.#lineOf(line, new Map(header.map((name, at): [string, Cell] => [name, fields[at]!])));
      }
    }
    if (header === undefined) throw new CsvError(1, 'is missing: it must name the columns');
  }

  #othersOf(names: readonly string[]): string[] {
    return names.filter((name) => name !== 'user_id' && name !== 'as_of_ms' && name !== this.#key);
  }

  #lineOf(line: number, members: Map<string, Cell>): SpineLine | Flawed {
    const userId = members.get('user_id');
    if (typeof userId !== 'string' || userId === '') return { line, flaw: 'has no user_id that is a text' };
    let asOfMs = 0;
    let decisionId = '';
    if (this.#key === 'as_of_ms') {
      const time = timeOf(members.get('as_of_ms'));
      if (time.ms === undefined) {
        if (time.guess === undefined) return { line, flaw: 'has no as_of_ms in Unix milliseconds or ISO 8601' };
        return { line, flaw: `has an as_of_ms that looks wrong: ${time.guess.question}`, hint: time.guess.advice };
      }
      asOfMs = time.ms;
    } else {
      const given = members.get('decision_id');
      if (typeof given !== 'string' || given === '') return { line, flaw: 'has no decision_id that is a text' };
      decisionId = given;
      members.delete('decision_id');
    }
    members.delete('user_id');
    members.delete('as_of_ms');
    for (const name of members.keys()) if (this.#taken.has(name)) return { line, flaw: takenColumn(name) };
    return { line, userId, asOfMs, decisionId, others: members };
  }

  #error(what: string, { flaws, hint }: { flaws?: readonly object[]; hint?: string | undefined } = {}): TipstreamError {
    return new TipstreamError('invalid_argument', `the spine ${this.#name} ${what}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { file: this.#name, ...(flaws === undefined ? {} : { errors: flaws }) },
    });
  }
}

type OnHeader = (names: readonly string[], line: number) => void;

function whatNamesColumns(header: readonly string[]): string {
  const [only, second] = header;
  const other = second === undefined ? /[;\t|]/.exec(only ?? '')?.[0] : undefined;
  if (other === undefined) return 'the first line must name the columns';
  return `columns are separated by commas, and not by ${other === '\t' ? 'tabs' : JSON.stringify(other)}`;
}

function takenColumn(name: string): string {
  return `has a column ${name}, which the export makes itself: give it another name`;
}

/** The members, or what is wrong with the text. */
function parseObject(text: string): Map<string, Cell> | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `is not JSON: ${jsonProblem(error)}`;
  }
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? membersOf(text) : 'is not an object';
}

/** A number of JSON may have an exponent; in a text, one has often cost digits. */
function timeOf(cell: Cell): { readonly ms: number } | NoTime {
  if (typeof cell === 'string') return readTime(cell);
  return readTime(cell instanceof RawJson && cell.isNumber ? String(Number(cell.text)) : '');
}

function unreadable(name: string, error: unknown): unknown {
  if (error instanceof TipstreamError || typeof (error as NodeJS.ErrnoException).code !== 'string') return error;
  return cannotRead(name, error);
}
