import { TipstreamError } from '../../errors.js';
import type { Config } from '../../config.js';
import type { LagRow } from '../../log/lag.js';
import { LagHistory } from '../../log/lag-history.js';
import { openLog } from '../../log/open.js';
import type { Log } from '../../log/port.js';
import { lagRows } from '../../log/read-lag.js';
import { pause } from '../../pause.js';
import { defaultRegistry } from '../../projections/registry.js';
import { isOwned } from '../../store/directory/data-lock.js';
import { generationDirectory, partitionFile, partitionsIn } from '../../store/directory/layout.js';
import { otherCount, stateIncomplete } from '../../store/directory/state-files.js';
import { stoppedPartitions } from '../../store/directory/stopped-partitions.js';
import { openStateForReading } from '../../store/state-file.js';
import { PartitionReader } from '../../store/queries/partition-reader.js';
import { CONSUMED_TOPICS, fullTopicName } from '../../topics.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { stateSource } from '../state-source.js';
import { lagTable } from '../output/lag-table.js';

const WATCH_EVERY_MS = 1_000;

export const lagCommand = defineCommand<{ watch?: boolean; topics?: boolean; verbose?: boolean }>({
  name: 'lag',
  summary: 'Print how far each partition is applied, in records and seconds',
  details:
    'Compares the state files of --data with the ends of the log, whether or not `tipstream start` is running, ' +
    'and prints the worst first. lag_seconds is the age of the first record not yet applied. ' +
    'Exits with 1 when a state file cannot be read; its rows say why.',
  examples: [
    ['tipstream lag', 'a line for each partition'],
    ['tipstream lag --topics', 'a line for each topic and partition'],
    ['tipstream lag --watch', 'again every second until Ctrl-C'],
    ["tipstream lag --json | jq 'map(.lag_records) | add'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'consumer'],
  options: [
    { flags: '--watch', help: 'print again every second; with --json one line each time' },
    { flags: '--topics', help: 'print a line for each topic and partition' },
    { flags: '--verbose', help: 'print everything that is known of each topic and partition, as wide as it is' },
  ],
  json: 'document',
  endsWithReader: ({ watch }) => watch === true,
  async run({ options, config, output, json, signal }) {
    // State of another log is refused before that log is asked.
    readPositions(config);
    const log = await openLog(config, { readOnly: true });
    const history = new LagHistory();
    const detail = options.verbose ? 'everything' : options.topics ? 'topics' : 'partitions';
    try {
      for (;;) {
        const { rows, unreadable } = await readLag(log, config, history);
        if (json && options.watch) await output.lines([rows]);
        else if (json) await output.document(rows);
        else await output.write(`${lagTable(rows, detail).join('\n')}\n`);
        for (const { message, code, hint } of unreadable.values()) output.error(`${message} [${code}]`, hint);
        if (!options.watch) return unreadable.size > 0 ? EXIT.error : EXIT.ok;
        await pause(WATCH_EVERY_MS, signal);
        if (signal.aborted) return;
        if (!json) output.note('');
      }
    } finally {
      await log.close();
    }
  },
});

async function readLag(
  log: Log,
  config: Config,
  history: LagHistory,
): Promise<{ readonly rows: LagRow[]; readonly unreadable: ReadonlyMap<number, TipstreamError> }> {
  const { applied, unreadable } = readPositions(config);
  const stopped = new Map([...stoppedPartitions(config.data)].map(([partition, { code, message }]) => [partition, `${message} (${code})`]));
  for (const [partition, { code, message }] of unreadable) stopped.set(partition, `${message} (${code})`);
  const topics = CONSUMED_TOPICS.map((topic) => fullTopicName(config.topicPrefix, topic));
  const rows = await lagRows(log, {
    group: config.group,
    topics,
    applied,
    stopped,
    running: isOwned(config.data),
    nowMs: Date.now(),
    history,
  });
  return { rows, unreadable };
}

/** Of each file by itself: one that is damaged hides none of the others. A directory that no worker has used yet has applied nothing. */
function readPositions(config: Config): {
  readonly applied: ReadonlyMap<number, ReadonlyMap<string, number>>;
  readonly unreadable: ReadonlyMap<number, TipstreamError>;
} {
  const applied = new Map<number, ReadonlyMap<string, number>>();
  const unreadable = new Map<number, TipstreamError>();
  const { partitions: told } = stateSource(config);
  const { generation, files } = filesOf(config);
  let [partitions, countedIn] = [told, ''];
  for (const [partition, path] of files) {
    try {
      openStateForReading(path, { partition, log: config.log, topicPrefix: config.topicPrefix }).close();
      const reader = new PartitionReader(path, defaultRegistry);
      try {
        const found = reader.identity.partitions;
        if (partitions !== undefined && found !== partitions) throw otherCount(path, found, partitions, countedIn);
        [partitions, countedIn] = [found, path];
        applied.set(partition, reader.positions());
      } finally {
        reader.close();
      }
    } catch (error) {
      if (!(error instanceof TipstreamError) || error.code === 'state_mismatch') throw error;
      unreadable.set(partition, error);
    }
  }
  // On the embedded log nobody else has the others.
  for (let partition = 0; config.log === 'sqlite' && files.size > 0 && partition < (partitions ?? 0); partition++) {
    if (files.has(partition)) continue;
    unreadable.set(partition, stateIncomplete({ generation, files, partitions: partitions!, missing: [partition] }));
  }
  return { applied, unreadable };
}

function filesOf({ data }: Config): { readonly generation: string; readonly files: ReadonlyMap<number, string> } {
  try {
    const generation = generationDirectory(data);
    return { generation, files: new Map(partitionsIn(generation).map((partition) => [partition, partitionFile(generation, partition)])) };
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'no_data') return { generation: '', files: new Map() };
    throw error;
  }
}
