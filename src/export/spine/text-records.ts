/** Spines of text: CSV with a header, and NDJSON. */
import { isUtf8 } from 'node:buffer';
import { jsonProblem } from '../../events/json-problem.js';
import { linesOf, MAX_LINE_BYTES } from '../../producer/line-reader.js';
import type { Cell } from '../cell.js';
import { CsvError, csvRecords } from '../csv-records.js';
import { membersOf } from '../json-members.js';
import { namedTwice, type FlawedRecord, type OnColumns, type SpineRecord } from './source.js';

export async function* jsonRecords(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<SpineRecord | FlawedRecord> {
  let line = 0;
  for await (const bytes of linesOf(pieces)) {
    line++;
    if (bytes.length > MAX_LINE_BYTES) yield { line, flaw: `is longer than ${MAX_LINE_BYTES} bytes` };
    else if (!isUtf8(bytes)) yield { line, flaw: 'is not well-formed UTF-8' };
    else {
      const text = bytes.toString();
      if (text.trim() === '') continue;
      const members = parseObject(text);
      yield typeof members === 'string' ? { line, flaw: members } : { line, members };
    }
  }
}

export async function* csvSpineRecords(
  pieces: AsyncIterable<Uint8Array>,
  onColumns: OnColumns,
): AsyncGenerator<SpineRecord | FlawedRecord> {
  let header: readonly string[] | undefined;
  try {
    for await (const { line, fields } of csvRecords(pieces)) {
      if (header === undefined) {
        header = fields.map((name) => name ?? '');
        const flaw = namedTwice(header) ?? onColumns(header);
        if (flaw !== undefined) return yield { line, flaw: withSeparator(flaw, header) };
      } else if (fields.length !== header.length) {
        yield { line, flaw: `has ${fields.length} fields where the header has ${header.length}` };
      } else {
        const members = new Map<string, Cell>();
        for (let i = 0; i < header.length; i++) members.set(header[i]!, fields[i]!);
        yield { line, members };
      }
    }
    if (header === undefined) yield { line: 1, flaw: 'is missing: it must name the columns' };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield { line: error.line, flaw: error.message };
  }
}

/** A header of one name has often another separator. */
function withSeparator(flaw: string, header: readonly string[]): string {
  if (!flaw.startsWith('has no column')) return flaw;
  const [only, second] = header;
  const other = second === undefined ? /[;\t|]/.exec(only ?? '')?.[0] : undefined;
  if (other === undefined) return `${flaw} (the first line must name the columns)`;
  return `${flaw} (columns are separated by commas, and not by ${other === '\t' ? 'tabs' : JSON.stringify(other)})`;
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
