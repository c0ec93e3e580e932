import { publicTables } from '../../store/snapshot/public-tables.js';
import { openForQueries } from '../../store/snapshot/query.js';
import { FEATURE_SETS } from '../../topics.js';
import { registryOf } from '../../projections/registry.js';
import { UsageError } from '../../errors.js';
import { defineCommand } from '../command.js';
import { parameterOf, printCsv, printJson, printTable } from '../query-rows.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface SqlOptions {
  readonly param?: readonly string[];
  readonly asOf?: number;
  readonly csv?: boolean;
}

export const sqlCommand = defineCommand<SqlOptions>({
  name: 'sql',
  arguments: '<statement>',
  summary: 'Ask the state a question in SQL, over all partitions',
  details: [
    'One statement that reads, in the SQL of SQLite, over these views:',
    ...Object.values(publicTables(registryOf({ sets: FEATURE_SETS }))).map(
      ({ name, columns }) => `${name} (${columns.map(([column]) => column).join(', ')})`,
    ),
    'docs/analysts.md explains the columns. Nothing can be written. A view holds the partitions of this data directory; those of ' +
      'other members of the group are named on stderr.',
    'It works while `tipstream start` runs. Its write-ahead log grows as long as the statement reads: for long work, take a snapshot.',
  ].join('\n\n'),
  examples: [
    ['tipstream sql "SELECT topic, sum(next_offset) FROM offsets GROUP BY topic"', 'a table'],
    ['tipstream sql --param user=u1 "SELECT * FROM tips WHERE user_id = :user" --json', 'with a parameter, as JSON'],
    ['tipstream sql --as-of 2026-11-20 "SELECT avg(completion_rate_30d) FROM profiles"', 'profiles as of a time'],
  ],
  groups: ['log'],
  options: [
    { flags: '--param <name=value>', help: 'for :name in the statement; again for more', repeatable: true },
    {
      flags: '--as-of <time>',
      help: 'of profiles and user_profile_features: Unix ms or ISO 8601; now unless given',
      parse: timeOption('--as-of'),
    },
    { flags: '--csv', help: 'print CSV' },
  ],
  json: 'document',
  endsWithReader: () => true,
  check({ options, json }) {
    if (json && options.csv === true) throw new UsageError('--json and --csv cannot go together');
  },
  async run({ args, options, config, output, json, signal }) {
    const parameters = Object.fromEntries((options.param ?? []).map(parameterOf));
    const nowMs = Date.now();
    const state = await openForQueries(stateSource(config), registryFor(config), options.asOf ?? nowMs, nowMs, { signal });
    try {
      noteMissing(output, state.missingPartitions);
      // While SQLite works, this process hears no signal: the operating system's own answer to Ctrl-C must do. Nothing is left behind.
      for (const name of ['SIGINT', 'SIGTERM'] as const) process.removeAllListeners(name);
      const rows = state.query(args[0]!, parameters);
      await (json ? printJson : options.csv ? printCsv : printTable)(rows, output);
    } finally {
      state.close();
    }
  },
});
