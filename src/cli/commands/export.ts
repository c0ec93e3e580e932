import { join } from 'node:path';
import { cannotWrite, isDiskFull, UsageError } from '../../errors.js';
import { describeExport } from '../../export/description.js';
import { outputFile } from '../../export/output-file.js';
import { outputFolder } from '../../export/output-folder.js';
import { FORMATS } from '../../export/sink.js';
import { openSpine } from '../../export/spine/open-spine.js';
import { SPINE_FORMATS, type SpineSource } from '../../export/spine/source.js';
import { sqlSpine } from '../../export/spine/sql-records.js';
import { openTable, type ExportTable, type WantedSpine } from '../../export/table.js';
import { createScratch, type Scratch } from '../../store/directory/scratch.js';
import { openForQueries } from '../../store/snapshot/query.js';
import { defineCommand } from '../command.js';
import { EVERY_DAY_MS, parseEvery, parseGrid, timesOf } from '../export/grid.js';
import {
  checkExportOptions,
  formatOf,
  parseColumn,
  parseFormat,
  parsePartitionBy,
  parseSpineFormat,
  type ExportOptions,
} from '../export/options.js';
import { writeTable, type Target } from '../export/write-table.js';
import { EXIT } from '../failure.js';
import { knownAtOption } from '../known-at/option.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

export const exportCommand = defineCommand<ExportOptions>({
  name: 'export',
  summary: 'Write profiles as CSV, NDJSON or Parquet: all as of a time or of many, or one for each row of a spine',
  details: [
    'Columns: user_id, as_of_ms, one for each feature in the order of their names, then those of the spine. Without ' +
      '--spine: all known users, sorted by user_id, and with --grid then by time. With --spine: one row for each of FILE, in its ' +
      'order. FILE is NDJSON of {user_id, as_of_ms, ...}, CSV with a header or Parquet, also with gzip; - is stdin. An unknown user has ' +
      'nulls and volume 0.',
    '--as-served takes the profiles that are stored with decisions instead of computing them, so that nothing that ' +
      'came later leaks into a training set. It exports all decisions, or with --spine those of its {user_id, ' +
      'decision_id, ...} rows.',
    'Parquet says in its metadata what was asked, at which positions, and by which definitions. CSV and NDJSON say it in a manifest ' +
      'beside the file, FILE.manifest.json, which appears last.',
    'It reads a snapshot of the state, whether or not `tipstream start` is running.',
  ].join('\n\n'),
  examples: [
    ['tipstream export --as-of 2026-11-20 --out profiles.parquet', 'all profiles as of a time'],
    ['tipstream export --spine labels.csv --format ndjson', 'the point-in-time join'],
    ['tipstream export --spine events.parquet --user-column customer --time-column ts --out train.parquet', 'of columns with other names'],
    ['tipstream export --spine-sql "SELECT user_id, requested_at_ms AS as_of_ms FROM decisions"', 'at the time of every decision'],
    ['tipstream export --grid 2026-11-01..2026-11-30 --out november --partition-by day', 'every midnight of a month, a file a day'],
    ['tipstream export --spine labels.csv --known-at monday.json', 'the same by what was known when `digest --json > monday.json` ran'],
    ['tipstream export --spine decisions.ndjson --known-at-column positions', 'by what was known at positions in a column of the spine'],
    ['tipstream export --as-served --out served.csv', 'every decision with the profile it was made with'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    { flags: '--as-of <time>', help: 'all profiles as of then: Unix ms or ISO 8601', parse: timeOption('--as-of') },
    { flags: '--grid <from..to>', help: 'all profiles at many times, the last one too: 2026-11-01..2026-11-30', parse: parseGrid },
    { flags: '--every <duration>', help: 'how far the times of --grid lie apart: 1d, 6h, 30m (default: 1d)', parse: parseEvery },
    { flags: '--spine <file>', help: 'a row for each of its own' },
    { flags: '--spine-sql <query>', help: 'a row for each of a query over the views of `tipstream sql`' },
    {
      flags: '--spine-format <format>',
      help: `${SPINE_FORMATS.join(', ')} (default: by the ending of --spine, else by its first bytes)`,
      parse: parseSpineFormat,
    },
    { flags: '--user-column <name>', help: "the spine's user_id (default: user_id)", parse: parseColumn('--user-column') },
    { flags: '--time-column <name>', help: "the spine's as_of_ms (default: as_of_ms)", parse: parseColumn('--time-column') },
    { flags: '--as-served', help: 'the profiles stored with decisions' },
    knownAtOption,
    {
      flags: '--known-at-column <name>',
      help: "a column of the spine with each row's own positions, as --known-at has them for all",
      parse: parseColumn('--known-at-column'),
    },
    { flags: '--format <format>', help: `${FORMATS.join(', ')} (default: by the ending of --out, else csv)`, parse: parseFormat },
    { flags: '--json', help: 'the same as --format ndjson' },
    { flags: '--out <file>', help: 'write there, whole or not at all, instead of to stdout' },
    { flags: '--partition-by <what>', help: 'day: --out is a folder with a file a day, in Parquet by default', parse: parsePartitionBy },
    { flags: '--manifest <file>', help: 'the manifest, there (default: FILE.manifest.json beside CSV and NDJSON)' },
    { flags: '--force', help: 'replace the file or the folder of --out if there is one' },
  ],
  endsWithReader: ({ out }) => out === undefined || out === '-',
  check: ({ options }) => checkExportOptions(options),
  async run({ options, config, output, signal }) {
    const { asOf, grid, asServed = false, force = false } = options;
    const format = formatOf(options);
    const out = options.out === '-' ? undefined : options.out;
    if (format === 'parquet' && out === undefined && output.isTerminal)
      throw new UsageError('Parquet is not for a terminal', { hint: 'Give --out FILE, or pipe it.' });
    const everyMs = options.every ?? EVERY_DAY_MS;
    const timesMs = grid === undefined ? (asOf === undefined ? [] : [asOf]) : timesOf({ ...grid, everyMs });

    const resources: (() => void)[] = [];
    try {
      const place =
        out === undefined
          ? undefined
          : options.partitionBy === undefined
            ? { file: outputFile(out, force) }
            : { folder: outputFolder(out, force) };
      if (place !== undefined) resources.push(() => ('file' in place ? place.file : place.folder).discard());
      const manifestPath = options.manifest ?? (out === undefined || format === 'parquet' ? undefined : `${out}.manifest.json`);
      const manifest =
        manifestPath === undefined || (place !== undefined && 'folder' in place)
          ? undefined
          : { path: manifestPath, file: outputFile(manifestPath, force) };
      if (manifest !== undefined) resources.push(() => manifest.file.discard());
      let scratch: Scratch | undefined;
      const scratchPath = (name: string): string => {
        if (scratch === undefined) resources.push(() => scratch!.remove());
        scratch ??= createScratch(config.data, Date.now());
        return join(scratch.directory, name);
      };
      const { knownAt } = options;
      const view =
        knownAt === undefined ? undefined : await (await import('../known-at/open.js')).openKnownAt(config, knownAt, output, signal);
      if (view !== undefined) resources.push(() => view.close());
      const nowMs = Date.now();
      const source = (): SpineSource | undefined => {
        const { spine, spineSql } = options;
        if (spine !== undefined)
          return openSpine(spine, { signal, format: options.spineFormat, copyTo: () => scratchPath('spine.parquet') });
        if (spineSql === undefined) return undefined;
        return sqlSpine(spineSql, () => openForQueries(stateSource(config), registryFor(config), nowMs, nowMs, { signal }));
      };
      const spine = source();
      const { userColumn: user = 'user_id', timeColumn: time = 'as_of_ms', knownAtColumn: known } = options;
      const columns = { user, time, ...(known === undefined ? {} : { known }) };
      const joinKnown: WantedSpine['joinKnown'] =
        known === undefined
          ? undefined
          : async (rows, unit) => (await import('../known-at/open.js')).joinRowsKnownAt(config, known, { rows, unit }, output, signal);
      const table = await openTable(
        {
          state: stateSource(config),
          partitioner: config.partitioner,
          asServed,
          view,
          timesMs,
          spine: spine === undefined ? undefined : { source: spine, columns, joinKnown },
          scratch: () => scratchPath(''),
          nowMs,
          signal,
          onProgress: (what) => output.progress(what),
        },
        registryFor(config),
      );
      resources.push(() => table.close());
      const asked = {
        ...(asOf === undefined ? {} : { as_of_ms: asOf }),
        ...(grid === undefined ? {} : { grid: { from_ms: grid.fromMs, to_ms: grid.toMs, every_ms: everyMs } }),
        ...(spine === undefined ? {} : { spine: options.spineSql ?? spine.name, columns }),
        as_served: asServed,
        ...(options.knownAt === undefined ? {} : { known_at: options.knownAt }),
        format,
      };
      const target: Target = { name: out ?? 'the export', place, manifest, scratchPath, output, signal };
      const rows = await writeTable(table, format, describeExport(registryFor(config), table, nowMs, asked), target);
      output.progress('');
      if (options.json === true && table.missingPartitions.length > 0)
        output.note(JSON.stringify({ rows, unknown: table.unknown(), partitions_missing: table.missingPartitions }));
      else {
        if (place !== undefined) output.note(summary(rows, table, asServed));
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

function summary(rows: number, table: ExportTable, asServed: boolean): string {
  const unknown = table.unknown();
  return `${rows} rows${unknown === 0 ? '' : `, ${unknown} of them of ${asServed ? 'decisions' : 'users'} that are not known`}`;
}
