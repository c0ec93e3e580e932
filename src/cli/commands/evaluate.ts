import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { TipstreamError } from '../../errors.js';
import { evaluate, type Evaluation } from '../../evaluation/evaluate.js';
import { parseRows } from '../../evaluation/parse-rows.js';
import { GATE_THRESHOLDS } from '../../evaluation/thresholds.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import type { Output } from '../output.js';

export const evaluateCommand = defineCommand({
  name: 'evaluate',
  arguments: '<file>',
  summary: 'Estimate what another policy would have earned on logged decisions, and judge it',
  details: [
    'FILE holds a decision a line: {decision_id, reward, logged_propensity, new_propensity}, both propensities being of the candidate that was served; reward null where none has come;',
    'optionally segments {dimension: segment} for fairness and expected {served, under_new, under_logged} of a reward model for the doubly robust estimate. - is stdin.',
    'Exit code 0: PROMOTE; 2: HOLD or UNEVALUABLE, with the reasons.',
  ].join(' '),
  examples: [
    ['tipstream evaluate decisions.ndjson', 'estimates, intervals and the verdict'],
    ['tipstream evaluate - --json < decisions.ndjson | jq .verdict', 'for programs'],
  ],
  groups: [],
  json: 'document',
  async run({ args: [file], output, json }) {
    const rows = await parseRows(linesOf(file!), file === '-' ? 'stdin' : file!);
    const evaluation = evaluate(rows, GATE_THRESHOLDS);
    if (json) await output.document(evaluation);
    else await print(evaluation, output);
    return evaluation.verdict === 'PROMOTE' ? EXIT.ok : EXIT.differs;
  },
});

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file);
  const failed = new Promise<never>((_, reject) => input.once('error', (error: Error) => reject(new TipstreamError('invalid_argument', `cannot read ${file}: ${error.message}`, { cause: error }))));
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done === true) return;
    yield next.value;
  }
}

async function print(evaluation: Evaluation, output: Output): Promise<void> {
  const { n, missing_rewards, missing_share, difference, missing_as_zero, segments, verdict, reasons, thresholds } = evaluation;
  const row = (name: string, of: Evaluation | Evaluation['missing_as_zero']) =>
    [name, of.n, shown(of.logged), shown(of.ips), shown(of.clipped_ips), shown(of.snips), shown(of.doubly_robust), shown(of.ess), shown(of.max_weight), shown(of.mean_weight)];
  await output.table(['DECISIONS', 'N', 'LOGGED', 'IPS', 'CLIPPED', 'SNIPS', 'DOUBLY ROBUST', 'ESS', 'MAX WEIGHT', 'MEAN WEIGHT'], [row('with a reward', evaluation), row('missing as 0', missing_as_zero)]);
  await output.write(`\n${missing_rewards} of ${n + missing_rewards} decisions have no reward (${(100 * missing_share).toFixed(1)} %)\n\n`);
  const span = ({ low, high }: { low: number; high: number }): string => `${shown(low)} to ${shown(high)}`;
  await output.table(['NEW - LOGGED', 'MEAN', 'INTERVAL', 'CONFIDENCE SEQUENCE'], [
    ['with a reward', shown(difference.mean), span(difference.interval), span(difference.confidence_sequence)],
    ['missing as 0', shown(missing_as_zero.difference.mean), span(missing_as_zero.difference.interval), span(missing_as_zero.difference.confidence_sequence)],
  ]);
  if (segments.length > 0) {
    await output.write('\n');
    await output.table(['DIMENSION', 'SEGMENT', 'N', 'ESS', 'NEW - LOGGED', 'INTERVAL', ''], segments.map((one) =>
      [one.dimension, one.segment, one.n, shown(one.ess), shown(one.difference), span(one), one.harmed ? 'harmed' : one.judged ? '' : 'too few']));
  }
  await output.write(`\nthresholds: ${Object.entries(thresholds).map(([name, value]) => `${name} ${value}`).join(', ')}\n\n${verdict}\n`);
  for (const reason of reasons) await output.write(`- ${reason}\n`);
}

function shown(value: number | null): string | null {
  return value === null ? null : String(Number(value.toPrecision(5)));
}
