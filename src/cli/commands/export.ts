import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { cannotWrite, isDiskFull, UsageError } from '../../errors.js';
import type { Column } from '../../export/columns.js';
import { csvSink } from '../../export/csv.js';
import { ndjsonSink } from '../../export/ndjson.js';
import { outputFile, type OutputFile } from '../../export/output-file.js';
import { FORMATS, type Format, type RowSink } from '../../export/sink.js';
import { openSpine } from '../../export/spine/open-spine.js';
import { openTable, type ExportTable } from '../../export/table.js';
import { defaultRegistry } from '../../projections/registry.js';
import { createScratch, type Scratch } from '../../store/directory/scratch.js';
import { defineCommand } from '../command.js';
import { knownAtOption, openKnownAt } from '../known-at.js';
import { EXIT } from '../failure.js';
import type { Output } from '../output/output.js';
import { noteMissing, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface ExportOptions {
  readonly asOf?: number;
  readonly spine?: string;
  readonly asServed?: boolean;
  readonly knownAt?: string;
  readonly format?: Format;
  readonly json?: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

const PROGRESS_EVERY_MS = 200;

export const exportCommand = defineCommand<ExportOptions>({
  name: 'export',
  summary: 'Write profiles as CSV, NDJSON or Parquet: all as of a time, or one for each line of a spine',
  details: [
    'Columns: user_id, as_of_ms, one for each feature in the order of their names, then those of the spine. Without ' +
      '--spine: all known users, sorted by user_id. With --spine: one row for each line of FILE, in its order. FILE is ' +
      'NDJSON of {user_id, as_of_ms, ...} or CSV with a header; - is stdin. An unknown user has nulls and volume 0.',
    '--as-served takes the profiles that are stored with decisions instead of computing them, so that nothing that ' +
      'came later leaks into a training set. It exports all decisions, or with --spine those of its {user_id, ' +
      'decision_id, ...} lines.',
    'It reads a snapshot of the state, whether or not `tipstream start` is running.',
  ].join('\n\n'),
  examples: [
    ['tipstream export --as-of 2026-11-20 --out profiles.parquet', 'all profiles as of a time'],
    ['tipstream export --spine labels.csv --format ndjson', 'the point-in-time join'],
    ['tipstream export --spine labels.csv --known-at monday.json', 'the same by what was known when `digest --json > monday.json` ran'],
    ['tipstream export --as-served --out served.csv', 'every decision with the profile it was made with'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    { flags: '--as-of <time>', help: 'all profiles as of then: Unix ms or ISO 8601', parse: timeOption('--as-of') },
    { flags: '--spine <file>', help: 'a row for each of its lines' },
    { flags: '--as-served', help: 'the profiles stored with decisions' },
    knownAtOption,
    { flags: '--format <format>', help: `${FORMATS.join(', ')} (default: by the ending of --out, else csv)`, parse: formatOption },
    { flags: '--json', help: 'the same as --format ndjson' },
    { flags: '--out <file>', help: 'write there, whole or not at all, instead of to stdout' },
    { flags: '--force', help: 'replace the file of --out if there is one' },
  ],
  endsWithReader: ({ out }) => out === undefined || out === '-',
  check({ options: { asOf, spine, asServed, knownAt, format, json } }) {
    if (asOf !== undefined && (spine !== undefined || asServed === true))
      throw new UsageError(`--as-of cannot go with ${asServed === true ? '--as-served' : '--spine'}, whose times are its own`);
    if (asOf === undefined && spine === undefined && asServed !== true)
      throw new UsageError('say which profiles: --as-of TIME, --spine FILE or --as-served');
    if (knownAt !== undefined && asServed === true)
      throw new UsageError('--known-at cannot go with --as-served: what was known is stored with each decision');
    if (json === true && format !== undefined && format !== 'ndjson') throw new UsageError(`--json is NDJSON, not ${String(format)}`);
  },
  async run({ options, config, output, signal }) {
    const { asOf, spine, asServed = false } = options;
    const format = chooseFormat(options);
    const toFile = options.out !== undefined && options.out !== '-';
    if (format === 'parquet' && !toFile && output.isTerminal)
      throw new UsageError('Parquet is not for a terminal', { hint: 'Give --out FILE, or pipe it.' });

    const resources: (() => void)[] = [];
    try {
      const file = toFile ? outputFile(options.out!, options.force === true) : undefined;
      if (file !== undefined) resources.push(() => file.discard());
      let scratch: Scratch | undefined;
      const scratchPath = (name: string): string => {
        if (scratch === undefined) resources.push(() => scratch!.remove());
        scratch ??= createScratch(config.data, Date.now());
        return join(scratch.directory, name);
      };
      const view = options.knownAt === undefined ? undefined : await openKnownAt(config, options.knownAt, output, signal);
      if (view !== undefined) resources.push(() => view.close());
      const table = await openTable(
        {
          state: stateSource(config),
          partitioner: config.partitioner,
          asServed,
          view,
          timesMs: asOf === undefined ? [] : [asOf],
          scratch: () => scratchPath(''),
          nowMs: Date.now(),
          signal,
          spine:
            spine === undefined
              ? undefined
              : {
                  source: openSpine(spine, { signal, copyTo: () => scratchPath('spine.parquet') }),
                  columns: { user: 'user_id', time: 'as_of_ms' },
                },
          onProgress: (what) => output.progress(what),
        },
        defaultRegistry,
      );
      resources.push(() => table.close());
      const rows = await writeTable(table, format, { name: options.out ?? 'the export', file, scratchPath, output, signal });
      output.progress('');
      if (options.json === true && table.missingPartitions.length > 0)
        output.note(JSON.stringify({ rows, unknown: table.unknown(), partitions_missing: table.missingPartitions }));
      else {
        if (file !== undefined) output.note(summary(rows, table, asServed));
        noteMissing(output, table.missingPartitions);
      }
      return EXIT.ok;
    } catch (error) {
      throw isDiskFull(error) ? cannotWrite(options.out ?? 'the export', error) : error;
    } finally {
      output.progress('');
      for (const release of resources.reverse()) release();
    }
  },
});

interface Target {
  /** As errors name it. */
  readonly name: string;
  /** Instead of stdout. */
  readonly file: OutputFile | undefined;
  readonly scratchPath: (name: string) => string;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Answers how many rows. A file is in its place when this resolves. */
async function writeTable(table: ExportTable, format: Format, { name, file, scratchPath, output, signal }: Target): Promise<number> {
  if (format === 'parquet') {
    const { ParquetSink } = await import('../../export/parquet.js');
    const path = file?.temporary ?? scratchPath('export.parquet');
    const rows = await copyRows(table, () => new ParquetSink(table.columns, path), { name, output });
    if (file === undefined) for await (const piece of createReadStream(path)) await output.write(piece as Uint8Array, signal);
    file?.publish();
    return rows;
  }
  const sinkOf: (columns: readonly Column[], write: (text: string) => Promise<void>) => RowSink = format === 'csv' ? csvSink : ndjsonSink;
  const write = (text: string): Promise<void> => (file === undefined ? output.write(text, signal) : Promise.resolve(file.write(text)));
  file?.write(''); // of no rows too
  const rows = await copyRows(table, () => sinkOf(table.columns, write), { name, output });
  file?.publish();
  return rows;
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
  for await (const row of table.rows) {
    rows++;
    await writing(() => sink.add(row));
    const nowMs = rows % 100 === 0 ? Date.now() : saidMs;
    if (nowMs - saidMs < PROGRESS_EVERY_MS) continue;
    saidMs = nowMs;
    const rate = (1000 * rows) / (nowMs - startedMs);
    const whole = table.lines === undefined ? '' : ` of ${table.lines}, ${Math.ceil((table.lines - rows) / rate)} s left`;
    output.progress(`${rows}${whole} rows, ${Math.round(rate)} a second`);
  }
  await writing(() => sink.finish());
  return rows;
}

function chooseFormat({ format, json, out }: ExportOptions): Format {
  if (json === true) return 'ndjson';
  const ending = /\.(csv|ndjson|jsonl|parquet)$/i.exec(out ?? '')?.[1]?.toLowerCase();
  return format ?? (ending === 'jsonl' ? 'ndjson' : (ending as Format | undefined)) ?? 'csv';
}

function formatOption(text: string): Format {
  if ((FORMATS as readonly string[]).includes(text)) return text as Format;
  throw new UsageError(`--format must be ${FORMATS.join(', ')}, not ${JSON.stringify(text)}`);
}

function summary(rows: number, table: ExportTable, asServed: boolean): string {
  const unknown = table.unknown();
  return `${rows} rows${unknown === 0 ? '' : `, ${unknown} of them of ${asServed ? 'decisions' : 'users'} that are not known`}`;
}
