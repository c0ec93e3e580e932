/** Rows of a query as people and programs read them. */
import { UsageError } from '../errors.js';
import { record } from '../export/csv.js';
import { RawJson, type Cell } from '../export/cell.js';
import type { QueryRows, SqlParameter, SqlValue } from '../store/snapshot/query.js';
import { printable, type Output } from './output/output.js';

/** The widths of a table's columns are those of its first rows; later ones may stick out. */
const ROWS_MEASURED = 500;
const CHUNK_ROWS = 200;

type Rows = Iterable<readonly SqlValue[]>;

/** `name=value`: a number, null, a text, or a text in JSON's quotes, which stays one whatever it looks like. Throws UsageError. */
export function parameterOf(text: string): readonly [name: string, value: SqlParameter] {
  const parts = /^[:@$]?([A-Za-z_]\w*)=([^]*)$/.exec(text);
  if (parts === null) throw new UsageError(`--param must be NAME=VALUE, not ${JSON.stringify(text.slice(0, 60))}`);
  return [parts[1]!, parameterValue(parts[2]!)];
}

function parameterValue(text: string): SqlParameter {
  if (text === 'null') return null;
  if (/^(0|-?[1-9]\d{0,17})$/.test(text)) return BigInt(text);
  if (/^-?(0|[1-9]\d*)\.\d+$/.test(text)) return Number(text);
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'string' ? json : text;
  } catch {
    return text;
  }
}

export async function printTable({ columns, rows }: QueryRows, output: Output): Promise<void> {
  const iterator = rows[Symbol.iterator]();
  const measured: (readonly string[])[] = [columns.map(printable)];
  let next = iterator.next();
  for (; !next.done && measured.length <= ROWS_MEASURED; next = iterator.next()) measured.push(next.value.map(shown));
  const widths = columns.map((_, i) => Math.max(...measured.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `${row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd()}\n`;
  await output.write(measured.map(line).join(''));
  for (; !next.done; next = iterator.next()) await output.write(line(next.value.map(shown)));
}

export async function printCsv({ columns, rows }: QueryRows, output: Output): Promise<void> {
  await output.write(record(columns));
  await inChunks(rows, (row) => record(row.map(cellOf)), output);
}

/** One document: an array of objects. Throws UsageError when two columns have one name. */
export async function printJson({ columns, rows }: QueryRows, output: Output): Promise<void> {
  const twice = columns.find((name, at) => columns.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`two columns are named ${twice}, which an object cannot hold: name them with AS`);
  const names = columns.map((name) => JSON.stringify(name));
  let first = true;
  await output.write('[');
  await inChunks(
    rows,
    (row) => {
      const comma = first ? '' : ',';
      first = false;
      return `${comma}\n  {${row.map((value, i) => `${names[i]}: ${json(value)}`).join(', ')}}`;
    },
    output,
  );
  await output.write(first ? ']\n' : '\n]\n');
}

async function inChunks(rows: Rows, text: (row: readonly SqlValue[]) => string, output: Output): Promise<void> {
  let held: string[] = [];
  for (const row of rows) {
    held.push(text(row));
    if (held.length < CHUNK_ROWS) continue;
    await output.write(held.join(''));
    held = [];
  }
  if (held.length > 0) await output.write(held.join(''));
}

function shown(value: SqlValue): string {
  return printable(value === null ? 'NULL' : Buffer.isBuffer(value) ? `x'${value.toString('hex')}'` : String(value));
}

function cellOf(value: SqlValue): Cell {
  if (typeof value === 'bigint') return new RawJson(String(value), true);
  return Buffer.isBuffer(value) ? `x'${value.toString('hex')}'` : value;
}

/** Infinities become null, as for JSON.stringify. */
function json(value: SqlValue): string {
  if (typeof value === 'bigint') return String(value);
  return JSON.stringify(Buffer.isBuffer(value) ? { base64: value.toString('base64') } : value);
}
