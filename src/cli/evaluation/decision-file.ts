/** A file of decisions as lines of JSON, whatever it is: NDJSON or CSV, as it is or compressed by gzip. */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TipstreamError } from '../../errors.js';
import { CsvError, csvRecords } from '../../export/csv-records.js';
import type { NamedFile } from '../../named-file.js';
import { linesOf } from '../../producer/line-reader.js';

/** The fields that are numbers; every other cell is text, or an object or a list as JSON. */
const NUMBERS = new Set([
  ...['reward', 'logged_propensity', 'new_propensity', 'max_weight', 'weight_variance'],
  ...['requested_at_ms', 'utc_offset_min', 'reacted_at_ms'],
]);
/** Of these, columns are named with a dot: `segments.persona`, `expected.served`. */
const NESTED_NUMBERS = new Set(['expected', 'profile_features']);
const NESTED = new Set(['segments', ...NESTED_NUMBERS]);
/** The fields that may be JSON in one cell. */
const JSON_FIELDS = new Set(['candidates', ...NESTED]);
const GZIP = Buffer.from([0x1f, 0x8b]);
/** No header is longer. */
const MOST_HEADER_BYTES = 64 * 1024;

/** A file that was opened, as evaluations read it. */
export function decisionsIn(file: NamedFile, signal: AbortSignal) {
  const lines = () => decisionFileLines(file.pieces(signal), file.name);
  return { lines: lines(), again: file.isPlain ? lines : undefined, name: file.name };
}

/** Throws invalid_argument for a file that is no whole gzip, or no CSV though it begins as one. */
export async function* decisionFileLines(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Uint8Array> {
  const [head, unpacked] = await peeked(gunzipped(pieces, name), (bytes) => bytes.includes(0x0a) || bytes.length > MOST_HEADER_BYTES);
  const [first = ''] = head
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/, 1);
  if (/(^|,)"?decision_id"?(,|$)/.test(first)) yield* csvLines(unpacked, name);
  else yield* linesOf(unpacked);
}

/** The beginning, and all of it. */
async function peeked(
  pieces: AsyncGenerator<Buffer>,
  isEnough: (bytes: Buffer) => boolean,
): Promise<[head: Buffer, all: AsyncGenerator<Buffer>]> {
  let head = Buffer.alloc(0);
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    head = Buffer.concat([head, next.value]);
    if (isEnough(head)) break;
  }
  async function* all(): AsyncGenerator<Buffer> {
    if (head.length > 0) yield head;
    yield* pieces;
  }
  return [head, all()];
}

async function* gunzipped(given: AsyncIterable<Buffer>, name: string): AsyncGenerator<Buffer> {
  const [head, pieces] = await peeked(asGenerator(given), (bytes) => bytes.length >= GZIP.length);
  if (!head.subarray(0, GZIP.length).equals(GZIP)) return yield* pieces;
  const source = Readable.from(pieces);
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    for await (const piece of gunzip) yield piece as Buffer;
  } catch (error) {
    if (!String((error as { code?: unknown }).code).startsWith('Z_')) throw error;
    throw new TipstreamError('invalid_argument', `${name} is no whole gzip file: ${(error as Error).message}`, {
      hint: 'Compress it again, or give it as it was.',
      cause: error,
    });
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function* asGenerator(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* pieces;
}

/** Each record as a line of JSON. The header, and what else a record takes up, are blank lines, so that lines keep their numbers. */
async function* csvLines(pieces: AsyncIterable<Buffer>, name: string): AsyncGenerator<Uint8Array> {
  const blank = new Uint8Array();
  let columns: Column[] | undefined;
  let line = 0;
  try {
    for await (const record of csvRecords(pieces)) {
      for (line++; line < record.line; line++) yield blank;
      if (columns === undefined) {
        columns = record.fields.map((field) => columnNamed((field ?? '').replace(/^\ufeff/, '').trim()));
        yield blank;
        continue;
      }
      if (record.fields.length > columns.length)
        throw new CsvError(record.line, `has ${record.fields.length} fields where the header has ${columns.length}`);
      yield Buffer.from(JSON.stringify(valueOf(record.fields, columns, record.line)));
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new TipstreamError('invalid_argument', `${name} line ${error.line} ${error.message}`, {
      hint: 'The file begins with decision_id as a column, so it is read as CSV.',
      details: { line: error.line },
    });
  }
}

interface Column {
  readonly path: readonly [string] | readonly [string, string];
  readonly kind: 'number' | 'json' | 'text';
}

function columnNamed(name: string): Column {
  const dot = name.indexOf('.');
  const [outer, inner] = [name.slice(0, dot), name.slice(dot + 1)];
  if (dot > 0 && NESTED.has(outer)) return { path: [outer, inner], kind: NESTED_NUMBERS.has(outer) ? 'number' : 'text' };
  return { path: [name], kind: NUMBERS.has(name) ? 'number' : JSON_FIELDS.has(name) ? 'json' : 'text' };
}

/** Empty cells are absent. */
function valueOf(fields: readonly (string | null)[], columns: readonly Column[], line: number): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [i, field] of fields.entries()) {
    if (field === null || field === '') continue;
    const { path, kind } = columns[i]!;
    const [outer, inner] = path;
    const cell = cellOf(field, kind, line);
    if (inner === undefined) value[outer] = cell;
    else ((value[outer] ??= {}) as Record<string, unknown>)[inner] = cell;
  }
  return value;
}

function cellOf(text: string, kind: Column['kind'], line: number): unknown {
  // A number that is none stays a text, which the format of the line then refuses by its name.
  if (kind === 'number' && /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
  if (kind !== 'json') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new CsvError(line, 'has a field that should be JSON and is none');
  }
}
