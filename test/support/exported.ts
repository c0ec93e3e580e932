/** Exports into memory, and what they say read back by other means than they were written with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { csvSink } from '../../src/export/csv.js';
import { csvRecords } from '../../src/export/csv-records.js';
import { ndjsonSink } from '../../src/export/ndjson.js';
import { ParquetSink } from '../../src/export/parquet.js';
import type { Format } from '../../src/export/sink.js';
import { openSpine } from '../../src/export/spine/open-spine.js';
import type { SpineColumns } from '../../src/export/spine/read-spine.js';
import { openTable, type TableExportOptions } from '../../src/export/table.js';
import { coreRegistry } from '../../src/projections/registry.js';
import { stateIn } from './state-in.js';

export interface Wanted extends Partial<Pick<TableExportOptions, 'asServed' | 'timesMs' | 'partitioner'>> {
  /** Of all profiles, instead of several times. */
  readonly asOfMs?: number;
  /** What the spine holds. */
  readonly spine?: string | Uint8Array;
  /** The names of its columns, where they are others. */
  readonly columns?: SpineColumns;
  /** How its name ends. */
  readonly spineName?: string;
}

/** The bytes of an export. */
export async function exported(
  dataDirectory: string,
  format: Format,
  { spine, spineName = 'spine', asOfMs = 0, columns = { user: 'user_id', time: 'as_of_ms' }, ...wanted }: Wanted,
): Promise<Buffer> {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-export-'));
  try {
    const spinePath = join(directory, spineName);
    if (spine !== undefined) writeFileSync(spinePath, spine);
    const table = await openTable(
      {
        state: stateIn(dataDirectory),
        partitioner: 'murmur2',
        asServed: false,
        timesMs: [asOfMs],
        spine:
          spine === undefined ? undefined : { source: openSpine(spinePath, { copyTo: () => join(directory, 'spine.parquet') }), columns },
        scratch: () => directory,
        nowMs: Date.now(),
        signal: new AbortController().signal,
        onProgress: () => undefined,
        ...wanted,
      },
      coreRegistry,
    );
    try {
      const path = join(directory, 'out.parquet');
      let text = '';
      const write = async (more: string): Promise<void> => void (text += more);
      const sink =
        format === 'parquet' ? new ParquetSink(table.columns, path) : (format === 'csv' ? csvSink : ndjsonSink)(table.columns, write);
      for await (const piece of table.rows) for (const row of piece) await sink.add(row);
      await sink.finish();
      return format === 'parquet' ? readFileSync(path) : Buffer.from(text);
    } finally {
      table.close();
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export type Row = Record<string, unknown>;

export function rowsOfNdjson(bytes: Buffer): Row[] {
  return bytes
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** Texts and nulls. */
export async function rowsOfCsv(bytes: Buffer): Promise<Row[]> {
  const records: (readonly (string | null)[])[] = [];
  for await (const { fields } of csvRecords(piecesOf(bytes))) records.push(fields);
  const [header, ...rows] = records;
  return rows.map((fields) => Object.fromEntries(header!.map((name, at) => [name!, fields[at]])));
}

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1_000) yield bytes.subarray(at, at + 1_000);
}

/** Integers come back as numbers. */
export async function rowsOfParquet(bytes: Buffer): Promise<Row[]> {
  const file = { byteLength: bytes.length, slice: (from: number, to?: number) => new Uint8Array(bytes.subarray(from, to)).buffer };
  const rows = (await parquetReadObjects({ file })) as Row[];
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value,
      ]),
    ),
  );
}
