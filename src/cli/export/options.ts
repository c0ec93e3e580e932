/** The options of `export`: what they are together, and what they ask for. */
import { FORMATS, type Format } from '../../export/sink.js';
import { SPINE_FORMATS, type SpineFormat } from '../../export/spine/source.js';
import { UsageError } from '../../errors.js';
import type { Grid } from './grid.js';

export interface ExportOptions {
  readonly asOf?: number;
  readonly grid?: Pick<Grid, 'fromMs' | 'toMs'>;
  readonly every?: number;
  readonly spine?: string;
  readonly spineSql?: string;
  readonly spineFormat?: SpineFormat;
  readonly userColumn?: string;
  readonly timeColumn?: string;
  readonly asServed?: boolean;
  readonly knownAt?: string;
  readonly knownAtColumn?: string;
  readonly format?: Format;
  readonly json?: boolean;
  readonly out?: string;
  readonly partitionBy?: 'day';
  readonly manifest?: string;
  readonly force?: boolean;
}

type Given = { readonly [Name in keyof ExportOptions]?: unknown };

const isGiven = (value: unknown): boolean => value !== undefined && value !== false;

/** Throws UsageError where options exclude each other or one is missing. */
export function checkExportOptions(given: Given): void {
  const { asOf, grid, spine, spineSql, asServed, knownAt, format, json } = given;
  const refuse = (message: string): never => {
    throw new UsageError(message);
  };
  for (const [flag, value] of [
    ['--as-of', asOf],
    ['--grid', grid],
  ] as const) {
    if (!isGiven(value)) continue;
    const other = isGiven(asServed) ? '--as-served' : isGiven(spine) ? '--spine' : isGiven(spineSql) ? '--spine-sql' : undefined;
    if (other !== undefined) refuse(`${flag} cannot go with ${other}, whose times are its own`);
  }
  if (isGiven(asOf) && isGiven(grid)) refuse('--as-of cannot go with --grid, whose times are its own');
  if (isGiven(spine) && isGiven(spineSql)) refuse('--spine and --spine-sql cannot go together: there is one spine');
  const hasSpine = isGiven(spine) || isGiven(spineSql);
  if (!isGiven(asOf) && !isGiven(grid) && !hasSpine && !isGiven(asServed))
    refuse('say which profiles: --as-of TIME, --grid FROM..TO, --spine FILE, --spine-sql QUERY or --as-served');
  if (isGiven(given.every) && !isGiven(grid)) refuse('--every says how far the times of --grid lie apart: give both');
  if (isGiven(given.spineFormat) && !isGiven(spine)) refuse('--spine-format says what --spine holds: give both');
  for (const [flag, value] of [
    ['--user-column', given.userColumn],
    ['--time-column', given.timeColumn],
  ] as const)
    if (isGiven(value) && !hasSpine) refuse(`${flag} names a column of a spine: give --spine or --spine-sql too`);
  if (isGiven(given.timeColumn) && isGiven(asServed)) refuse('--time-column cannot go with --as-served, whose times are its own');
  if (isGiven(knownAt) && isGiven(asServed)) refuse('--known-at cannot go with --as-served: what was known is stored with each decision');
  if (isGiven(given.knownAtColumn)) {
    if (!hasSpine) refuse('--known-at-column names a column of a spine: give --spine or --spine-sql too');
    const other = isGiven(knownAt) ? '--known-at' : isGiven(asServed) ? '--as-served' : undefined;
    if (other !== undefined) refuse(`--known-at-column cannot go with ${other}: each says what was known`);
  }
  if (isGiven(json) && isGiven(format) && format !== 'ndjson') refuse(`--json is NDJSON, not ${String(format)}`);
  if (!isGiven(given.partitionBy)) return;
  if (!isGiven(given.out) || given.out === '-') refuse('--partition-by makes a folder: name it with --out');
  if (isGiven(given.manifest)) refuse('--manifest cannot go with --partition-by: the manifest is in the folder');
}

/** By the ending of --out where nothing says it. */
export function formatOf({ format, json, out, partitionBy }: ExportOptions): Format {
  if (json === true) return 'ndjson';
  const ending = /\.(csv|ndjson|jsonl|parquet)$/i.exec(out ?? '')?.[1]?.toLowerCase();
  const told = ending === 'jsonl' ? 'ndjson' : (ending as Format | undefined);
  return format ?? told ?? (partitionBy === undefined ? 'csv' : 'parquet');
}

export function parseFormat(text: string): Format {
  if ((FORMATS as readonly string[]).includes(text)) return text as Format;
  throw new UsageError(`--format must be ${FORMATS.join(', ')}, not ${JSON.stringify(text)}`);
}

export function parseSpineFormat(text: string): SpineFormat {
  if ((SPINE_FORMATS as readonly string[]).includes(text)) return text as SpineFormat;
  throw new UsageError(`--spine-format must be ${SPINE_FORMATS.join(', ')}, not ${JSON.stringify(text)}`);
}

export function parsePartitionBy(text: string): 'day' {
  if (text === 'day') return text;
  throw new UsageError(`--partition-by must be day, not ${JSON.stringify(text)}`);
}

/** For CommandOption.parse. */
export function parseColumn(flag: string): (text: string) => string {
  return (text) => {
    if (text !== '') return text;
    throw new UsageError(`${flag} must name a column`);
  };
}
