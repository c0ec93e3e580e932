import type { Config } from '../../../config.js';
import { LagHistory } from '../../../log/lag-history.js';
import { openLog } from '../../../log/open.js';
import type { Log } from '../../../log/port.js';
import { pause } from '../../../back-off.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { lagTable, type LagDetail } from '../../output/lag-table.js';
import type { Output } from '../../output/output.js';
import { appliedPositions } from './applied-positions.js';
import { ownGroup, readNamedLag, readOwnLag, type NamedLag, type OwnLag } from './read-own-lag.js';

const WATCH_EVERY_MS = 1_000;

interface LagOptions {
  readonly watch?: boolean;
  readonly topics?: boolean;
  readonly verbose?: boolean;
}

export const lagCommand = defineCommand<LagOptions>({
  name: 'lag',
  summary: 'Print how far each partition is applied, in records and seconds',
  details: [
    'Compares the state files of --data with the ends of the log, whether or not `tipstream start` is running, ' +
      'and prints the worst first. lag_seconds is the age of the first record not yet applied.',
    'With --group it prints the members too, with their hosts. A group that is not the one of --data is judged by the ' +
      'offsets that it committed: any consumer group on Kafka, whatever program it is.',
    'Exits with 1 when a state file cannot be read; its rows say why.',
  ].join('\n\n'),
  examples: [
    ['tipstream lag', 'a line for each partition'],
    ['tipstream lag --topics', 'a line for each topic and partition'],
    ['tipstream lag --watch', 'again every second until Ctrl-C'],
    ['tipstream lag --group billing --brokers localhost:9092', "any group, with its members' hosts"],
    ["tipstream lag --json | jq 'map(.lag_records) | add'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'consumer'],
  options: [
    { flags: '--watch', help: 'draw it again every second, as much as fits the terminal; with --json one line each time' },
    { flags: '--topics', help: 'print a line for each topic and partition' },
    { flags: '--verbose', help: 'print everything that is known of each topic and partition, as wide as it is' },
  ],
  json: 'document',
  endsWithReader: ({ watch }) => watch === true,
  async run({ options, config, output, json, signal }) {
    const named = config.given.has('group');
    // State of another log is refused before that log is asked.
    if (!named || config.group === ownGroup(config)) appliedPositions(config);
    const log = await openLog(config, { readOnly: true });
    const history = new LagHistory();
    const detail = options.verbose ? 'everything' : named ? 'members' : options.topics ? 'topics' : 'partitions';
    try {
      for (;;) {
        const found = await read(log, config, history, named);
        const redraws = options.watch === true && !json && output.redraws;
        if (json && options.watch) await output.lines([found.rows]);
        else if (json) await output.document(found.rows);
        else await print(found, { detail, watch: options.watch === true, output });
        if (!redraws) noteRest(found, output);
        if (!options.watch) return found.unreadable.size > 0 ? EXIT.error : EXIT.ok;
        await pause(WATCH_EVERY_MS, signal);
        if (signal.aborted) return;
        if (!json && !redraws) output.note('');
      }
    } finally {
      await log.close();
    }
  },
});

/** Of either kind. */
type Found = Pick<OwnLag, 'unreadable'> & { readonly rows: OwnLag['rows'] | NamedLag['rows']; readonly notes?: readonly string[] };

function read(log: Log, config: Config, history: LagHistory, named: boolean): Promise<Found> {
  return named ? readNamedLag(log, config, history) : readOwnLag(log, config, { history });
}

interface PrintOptions {
  readonly detail: LagDetail;
  readonly watch: boolean;
  readonly output: Output;
}

async function print({ rows, notes }: Found, { detail, watch, output }: PrintOptions): Promise<void> {
  const { columns, rows: height } = output.size;
  if (!watch) {
    const lines = lagTable(rows, { detail, columns: detail === 'everything' ? undefined : columns });
    return output.write(`${lines.join('\n')}\n`);
  }
  // The cursor stands on the last row.
  const lines = lagTable(rows, { detail, columns, rows: height - 1, ...(output.redraws ? { notes } : {}) });
  return output.redraws ? output.screen(lines) : output.write(`${lines.join('\n')}\n`);
}

/** What the table does not say; while it is drawn again and again, the rows of a file that cannot be read say why. */
function noteRest({ unreadable, notes = [] }: Found, output: Output): void {
  for (const note of notes) output.note(note);
  for (const { message, code, hint } of unreadable.values()) output.error(`${message} [${code}]`, hint);
}
