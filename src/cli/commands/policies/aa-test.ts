import { aaTestHere, type AaHere } from '../../../analysts/aa-test.js';
import { UsageError } from '../../../errors.js';
import { ratesSvg } from '../../../evaluation/aa-test/chart.js';
import { ratesOf, sayRates } from '../../../evaluation/aa-test/rates.js';
import { outputFile } from '../../../export/output-file.js';
import { defineCommand } from '../../command.js';
import { wholeNumber } from '../../option-parsers.js';
import type { Output } from '../../output/output.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';

interface AaTestOptions {
  readonly rollouts: number;
  readonly percent?: number;
  readonly users?: number;
  readonly seed: number;
  readonly svg?: string;
  readonly force?: boolean;
}

export const aaTestCommand = defineCommand<AaTestOptions>({
  name: 'aa-test',
  summary: 'Try guardrail and gate on rollouts of nothing, drawn on the decisions logged here',
  details: [
    'Draws rollouts in which nobody is treated: chance places the users of this data directory, from a time in the second half of its ' +
      'decisions on. The guardrail and the comparison of the arms look at each as at any rollout. The gate judges a policy that makes no ' +
      'difference, on the same decisions, again and again while they come in. Whatever acts is a false alarm, and the table says how ' +
      'often each did, with a 95% interval and what is promised.',
    'A rollout needs 14 days before it and 14 of its own, so the decisions must span 28 days. Of few users the guardrail decides ' +
      'nothing; the column OF says in how many rollouts it could.',
    'The same decisions, options and seed print the same figures. Nothing is written but --svg. A rollout takes about a tenth of a ' +
      'second for 1,000 users, and as much more as there are more users: --users draws some of them for each.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies aa-test', '1,000 rollouts of 10, 50 and 95 percent, and of 10 that is raised to 50'],
    ['tipstream policies aa-test --percent 20 --svg aa-test.svg', 'of 20 percent, with a picture'],
    ["tipstream policies aa-test --rollouts 200 --json | jq '.false_rollbacks / .decided'", 'for programs'],
  ],
  groups: ['log'],
  options: [
    { flags: '--rollouts <number>', help: 'how many to draw', parse: wholeNumber('--rollouts', 1), default: 1000 },
    { flags: '--percent <number>', help: 'of the users, treated in each: above 0 and below 100', parse: percentOption },
    { flags: '--users <number>', help: 'users drawn for each; all unless given', parse: wholeNumber('--users', 1) },
    { flags: '--seed <number>', help: 'another seed draws other rollouts', parse: wholeNumber('--seed'), default: 1 },
    { flags: '--svg <file>', help: 'the rates as a picture' },
    { flags: '--force', help: 'replace the file of --svg if there is one' },
  ],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    const { rollouts, percent, users, seed, svg, force } = options;
    const file = svg === undefined ? undefined : outputFile(svg, force === true);
    try {
      const result = await aaTestHere({
        state: stateSource(config),
        registry: registryFor(config),
        rollouts,
        percent,
        users,
        seed,
        signal,
        onProgress: ({ done, decisions }) =>
          output.progress(done === null ? `${decisions} decisions read` : `${done} of ${rollouts} rollouts`),
      });
      output.progress('');
      if (file !== undefined) {
        file.write(ratesSvg(ratesOf(result), `${rollouts} rollouts of nothing (seed ${seed})`));
        file.publish();
      }
      if (json) await output.document(result);
      else await print(result, output);
      noteMissing(output, result.partitions_missing);
    } finally {
      output.progress('');
      file?.discard();
    }
  },
});

async function print(result: AaHere, output: Output): Promise<void> {
  const { rollouts, decisions, users, users_drawn: drawn, from_ms: fromMs, to_ms: toMs, seed } = result;
  const time = (ms: number): string => new Date(ms).toISOString();
  await output.write(
    `${rollouts} rollouts of nothing on ${decisions} decisions of ${users} users` +
      `${drawn === users ? '' : `, ${drawn} of them in each`}, ${time(fromMs)} to ${time(toMs)}, seed ${seed}\n\n`,
  );
  const rows = ratesOf(result);
  await output.table(
    ['TREATED', 'FALSE ALARM', 'OF', 'TIMES', 'RATE', '95%', 'AT MOST'],
    rows.map(({ world, actor, of, acted, interval: { low, high }, promised }) => [
      world,
      actor,
      of,
      of === 0 ? null : acted,
      of === 0 ? null : shown(acted / of),
      of === 0 ? null : `${shown(low)} to ${shown(high)}`,
      shown(promised),
    ]),
  );
  await output.write('\n');
  for (const sentence of sayRates(rows)) await output.write(`${sentence}\n`);
  if (result.without_propensities > 0)
    await output.write(`the gate left ${result.without_propensities} decisions out, whose propensities do not add up to 1\n`);
}

function shown(rate: number): string {
  return `${(100 * rate).toFixed(1)} %`;
}

function percentOption(text: string): number {
  const percent = /^\d{1,2}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
  if (percent > 0) return percent;
  throw new UsageError(`--percent must be a number above 0 and below 100, not ${JSON.stringify(text)}`);
}
