/** An export into its place: stdout, a file, or a folder of files by day, with what it says of itself. */
import { createHash } from 'node:crypto';
import { appendFileSync, createReadStream, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cannotWrite, TipstreamError } from '../../errors.js';
import type { Cell } from '../../export/cell.js';
import type { Column } from '../../export/columns.js';
import { csvSink } from '../../export/csv.js';
import { DaySink, sha256Of } from '../../export/day-sink.js';
import { keyValuesOf, manifestOf, type ExportDescription } from '../../export/description.js';
import { ndjsonSink } from '../../export/ndjson.js';
import type { OutputFile } from '../../export/output-file.js';
import { FOLDER_MANIFEST, type OutputFolder } from '../../export/output-folder.js';
import type { Format, RowSink } from '../../export/sink.js';
import type { ExportTable } from '../../export/table.js';
import type { Output } from '../output/output.js';

/** What is written beside the rows: a file that appears last. */
export interface Manifest {
  readonly file: OutputFile;
  readonly path: string;
}

export interface Target {
  /** As errors name it. */
  readonly name: string;
  /** undefined: stdout. */
  readonly place: { readonly file: OutputFile } | { readonly folder: OutputFolder } | undefined;
  readonly manifest: Manifest | undefined;
  readonly scratchPath: (name: string) => string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

const PROGRESS_EVERY_MS = 200;

/** Answers how many rows. What is written is in its place when this resolves. */
export async function writeTable(table: ExportTable, format: Format, description: ExportDescription, target: Target): Promise<number> {
  const { place } = target;
  if (place !== undefined && 'folder' in place) return intoFolder(table, format, description, target, place.folder);
  const file = place?.file;
  const { rows, sha256 } =
    format === 'parquet' ? await asParquet(table, description, target, file) : await asText(table, format, target, file);
  // A manifest of what was there before must not stand beside what is there now.
  if (target.manifest !== undefined && file !== undefined) rmSync(target.manifest.path, { force: true });
  file?.publish();
  if (target.manifest !== undefined) {
    const named = file === undefined ? 'stdout' : basename(target.name);
    target.manifest.file.write(manifestOf(description, { file: named, rows, sha256 }));
    target.manifest.file.publish();
  }
  return rows;
}

interface Written {
  readonly rows: number;
  readonly sha256: string;
}

async function asParquet(
  table: ExportTable,
  description: ExportDescription,
  target: Target,
  file: OutputFile | undefined,
): Promise<Written> {
  const { ParquetSink } = await import('../../export/parquet.js');
  const path = file?.temporary ?? target.scratchPath('export.parquet');
  const rows = await copyRows(table, () => new ParquetSink(table.columns, path, keyValuesOf(description)), target);
  const sha256 = target.manifest === undefined ? '' : await sha256Of(path);
  if (file === undefined) for await (const piece of createReadStream(path)) await target.output.write(piece as Uint8Array, target.signal);
  return { rows, sha256 };
}

async function asText(table: ExportTable, format: 'csv' | 'ndjson', target: Target, file: OutputFile | undefined): Promise<Written> {
  const hash = createHash('sha256');
  const write = (text: string): Promise<void> => {
    if (target.manifest !== undefined) hash.update(text);
    return file === undefined ? target.output.write(text, target.signal) : Promise.resolve(file.write(text));
  };
  file?.write(''); // of no rows too
  const rows = await copyRows(table, () => textSink(format)(table.columns, write), target);
  return { rows, sha256: hash.digest('hex') };
}

async function intoFolder(
  table: ExportTable,
  format: Format,
  description: ExportDescription,
  target: Target,
  folder: OutputFolder,
): Promise<number> {
  const taken = table.columns.find(({ name }) => name === 'date');
  if (taken !== undefined) {
    throw new TipstreamError('invalid_argument', 'the spine has a column date, which the names of the folders make', {
      hint: 'Give it another name, or leave --partition-by out.',
    });
  }
  const open = await daySinks(table.columns, format, description);
  const days = new DaySink(
    folder.temporary,
    table.columns.findIndex(({ name }) => name === 'as_of_ms'),
    format,
    open,
  );
  const rows = await copyRows(table, () => days, target);
  const files = await days.files();
  try {
    writeFileSync(join(folder.temporary, FOLDER_MANIFEST), manifestOf(description, files));
  } catch (error) {
    throw cannotWrite(target.name, error);
  }
  folder.publish();
  return rows;
}

async function daySinks(columns: readonly Column[], format: Format, description: ExportDescription): Promise<(path: string) => RowSink> {
  if (format !== 'parquet') {
    return (path) => textSink(format)(columns, (text) => Promise.resolve(appendFileSync(path, text)));
  }
  const { ParquetSink } = await import('../../export/parquet.js');
  return (path) => new ParquetSink(columns, path, keyValuesOf(description));
}

function textSink(format: 'csv' | 'ndjson'): (columns: readonly Column[], write: (text: string) => Promise<void>) => RowSink {
  return format === 'csv' ? csvSink : ndjsonSink;
}

/** Throws output_failed for what could not be written. */
async function copyRows(table: ExportTable, open: () => RowSink, { name, output }: Pick<Target, 'name' | 'output'>): Promise<number> {
  const writing = async <T>(step: () => T | Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (error) {
      throw typeof (error as NodeJS.ErrnoException).errno === 'number' ? cannotWrite(name, error) : error;
    }
  };
  const sink = await writing(open);
  const startedMs = Date.now();
  let saidMs = startedMs;
  let rows = 0;
  const add = async (piece: readonly (readonly Cell[])[]): Promise<void> => {
    for (const row of piece) {
      const full = sink.add(row);
      if (full !== undefined) await full;
    }
  };
  for await (const piece of table.rows) {
    rows += piece.length;
    await writing(() => add(piece));
    const nowMs = Date.now();
    if (nowMs - saidMs < PROGRESS_EVERY_MS) continue;
    saidMs = nowMs;
    const rate = (1000 * rows) / (nowMs - startedMs);
    const whole = table.lines === undefined ? '' : ` of ${table.lines}, ${Math.ceil((table.lines - rows) / rate)} s left`;
    output.progress(`${rows}${whole} rows, ${Math.round(rate)} a second`);
  }
  await writing(() => sink.finish());
  return rows;
}
