import { UsageError } from '../../../errors.js';
import { readBaseline } from '../../../monitoring/baseline.js';
import { historyOf, type HistoryDocument } from '../../../monitoring/history.js';
import { PERIODS, spansBefore, type Period } from '../../../monitoring/periods.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { defineCommand } from '../../command.js';
import { wholeNumber } from '../../option-parsers.js';
import type { Output } from '../../output/output.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { surveyed } from './survey.js';

interface HistoryOptions {
  readonly by: Period;
  readonly last: number;
  readonly asOf?: number;
}

export const qualityHistoryCommand = defineCommand<HistoryOptions>({
  name: 'history',
  summary: 'How features were distributed at the end of each day, week or month, and as decisions were served',
  details:
    'The profiles of all users are computed as of the end of each whole period before --as-of (UTC; weeks begin on Mondays), and beside ' +
    'them stand the profiles that decisions requested in it were made with. --json has histograms and percentiles too.',
  examples: [
    ['tipstream quality history', 'the last seven days'],
    ['tipstream quality history --by week --last 4', 'the last four weeks'],
    ["tipstream quality history --json | jq '.periods[].features[] | [.name, .null_rate]'", 'for programs'],
  ],
  groups: ['log', 'kafka'],
  options: [
    { flags: '--by <period>', help: `${PERIODS.join(', ')}`, parse: periodOption, default: 'day' },
    { flags: '--last <number>', help: 'how many', parse: wholeNumber('--last', 1), default: 7 },
    { flags: '--as-of <time>', help: 'those that ended by then, Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') },
  ],
  json: 'document',
  async run({ options: { by, last, asOf }, config, output, json, signal }) {
    const { files, missing } = stateFiles(stateSource(config), registryFor(config));
    const spans = spansBefore(by, asOf ?? Date.now(), last);
    const baseline = readBaseline(config.data, registryFor(config));
    const document = await surveyed(historyOf(files, registryFor(config), spans, baseline), output, signal);
    if (json) await output.document({ ...document, partitions_missing: missing });
    else await print(document, output);
    noteMissing(output, missing);
  },
});

function periodOption(text: string): Period {
  const period = PERIODS.find((one) => one === text);
  if (period === undefined) throw new UsageError(`--by must be ${PERIODS.join(', ')}, not ${JSON.stringify(text.slice(0, 60))}`);
  return period;
}

async function print({ periods, other_definitions: others }: HistoryDocument, output: Output): Promise<void> {
  const rows = periods.flatMap(({ to_ms: toMs, users, features, decisions, served }) =>
    served.map((of, at) => {
      const one = features[at];
      const cell = (value: number | null | undefined): string | null => (value == null ? null : String(Number(value.toPrecision(4))));
      return [
        new Date(toMs).toISOString().slice(0, 10),
        of.name,
        users === null ? 'pruned' : users,
        cell(one?.null_rate),
        cell(one?.summary?.percentiles?.['p50']),
        cell(one?.psi),
        decisions,
        cell(of.null_rate),
        cell(of.summary?.percentiles?.['p50']),
        cell(of.psi),
      ];
    }),
  );
  await output.table(['BEFORE', 'FEATURE', 'USERS', 'NULL', 'P50', 'PSI', 'DECISIONS', 'SERVED NULL', 'SERVED P50', 'SERVED PSI'], rows);
  if (others > 0) output.note(`${others} decisions were made with other definitions, and are in none of these`);
}
