import { lagRows } from '../../log/lag.js';
import { TipstreamError } from '../../errors.js';
import type { LagRow } from '../../log/lag.js';
import type { Config } from '../../config.js';
import { openLog } from '../../log/open.js';
import type { Log } from '../../log/port.js';
import { pause } from '../../pause.js';
import { defaultRegistry } from '../../projections/registry.js';
import type { StateSource } from '../../store/directory/state-files.js';
import { openReaders } from '../../store/queries/profiles.js';
import { CONSUMED_TOPICS, fullTopicName } from '../../topics.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { stateSource, stateSourceOf } from '../state-source.js';

const WATCH_EVERY_MS = 1_000;

export const lagCommand = defineCommand<{ watch?: boolean }>({
  name: 'lag',
  summary: 'Print how far each partition is applied, in records and seconds',
  details:
    'Compares the state files of --data with the ends of the log, whether or not `tipstream start` is running. ' +
    'lag_seconds is the age of the first record not yet applied.',
  examples: [
    ['tipstream lag', 'a table'],
    ['tipstream lag --watch', 'again every second until Ctrl-C'],
    ["tipstream lag --json | jq 'map(.lag_records) | add'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'consumer'],
  options: [{ flags: '--watch', help: 'print again every second; with --json one line each time' }],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    closeAll(stateReaders(stateSource(config))); // before the log is asked
    const log = await openLog(config, { readOnly: true });
    try {
      for (;;) {
        const rows = await readLag(log, config);
        if (json && options.watch) await output.lines([rows]);
        else if (json) await output.document(rows);
        else
          await output.table(
            ['TOPIC', 'PARTITION', 'APPLIED', 'COMMITTED', 'END', 'LAG', 'SECONDS', 'STATUS', 'REASON'],
            rows.map(tableRow),
          );
        if (!options.watch) return EXIT.ok;
        await pause(WATCH_EVERY_MS, signal);
        if (signal.aborted) return EXIT.interrupted;
        if (!json) output.note('');
      }
    } finally {
      await log.close();
    }
  },
});

async function readLag(log: Log, config: Config): Promise<LagRow[]> {
  const applied = new Map<number, ReadonlyMap<string, number>>();
  for (const [partition, reader] of stateReaders(await stateSourceOf(config, log))) {
    applied.set(partition, reader.positions());
    reader.close();
  }
  const topics = CONSUMED_TOPICS.map((topic) => fullTopicName(config.topicPrefix, topic));
  return lagRows(log, { group: config.group, topics, applied, stopped: new Map(), nowMs: Date.now() });
}

/** A directory that no worker has used yet has applied nothing, which is a lag and no error. */
function stateReaders(source: StateSource): ReturnType<typeof openReaders> {
  try {
    return openReaders(source, defaultRegistry);
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'no_data') return new Map();
    throw error;
  }
}

function closeAll(readers: ReturnType<typeof openReaders>): void {
  for (const reader of readers.values()) reader.close();
}

function tableRow(row: LagRow): (string | number | null)[] {
  return [
    row.topic,
    row.partition,
    row.applied_offset,
    row.committed_offset,
    row.log_end_offset,
    row.lag_records,
    row.lag_seconds,
    row.status,
    row.reason,
  ];
}
