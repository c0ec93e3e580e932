/** An evaluation as tables and sentences. */
import type { FileEvaluation } from '../../analysts/evaluate-file.js';
import type { LoggedEvaluation } from '../../analysts/evaluate-logged.js';
import type { Evaluation } from '../../evaluation/evaluate.js';
import { estimateColumns } from '../../evaluation/estimators.js';
import { harmWord } from '../../evaluation/segments.js';
import { POWER_HEADINGS, powerCells } from './power-table.js';
import type { Output } from '../output/output.js';

/** As people read it. */
export async function printEvaluation(evaluation: FileEvaluation | LoggedEvaluation, output: Output): Promise<void> {
  const { decisions, set_aside: setAside } = evaluation;
  if (decisions !== undefined && setAside !== undefined) {
    const list = (counts: Readonly<Record<string, number | undefined>>): string =>
      Object.entries(counts)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ') || 'none';
    if ('baseline' in evaluation) await output.write(`${comparisonOf(evaluation)}\n`);
    const decidedBy = 'decided_by' in evaluation ? `by policy: ${list(evaluation.decided_by)}; ` : '';
    await output.write(`${evaluation.policy} on ${decisions} logged decisions (${decidedBy}set aside: ${list(setAside)})\n\n`);
  }
  const { n, missing_rewards, missing_share, difference, missing_as_zero, segments, verdict, reasons, thresholds } = evaluation;
  const row = (name: string, of: Evaluation | Evaluation['missing_as_zero']) => [name, of.n, ...estimateColumns(of).map(shown)];
  await output.table(
    ['DECISIONS', 'N', 'LOGGED', 'IPS', 'CLIPPED', 'SNIPS', 'DOUBLY ROBUST', 'ESS', 'MAX WEIGHT', 'MEAN WEIGHT'],
    [row('with a reward', evaluation), row('missing as 0', missing_as_zero)],
  );
  await output.write(`\n${missing_rewards} of ${n + missing_rewards} decisions have no reward (${(100 * missing_share).toFixed(1)} %)\n\n`);
  const span = ({ low, high }: { low: number; high: number }): string => `${shown(low)} to ${shown(high)}`;
  await output.table(
    ['NEW - LOGGED', 'MEAN', 'INTERVAL', 'CONFIDENCE SEQUENCE', 'E-VALUE'],
    (
      [
        ['with a reward', difference],
        ['missing as 0', missing_as_zero.difference],
      ] as const
    ).map(([name, of]) => [name, shown(of.mean), span(of.interval), span(of.confidence_sequence), shown(of.e_value)]),
  );
  if (segments.length > 0) {
    await output.write('\n');
    await output.table(
      ['DIMENSION', 'SEGMENT', 'N', 'ESS', 'NEW - LOGGED', 'INTERVAL', ''],
      segments.map((one) => [one.dimension, one.segment, one.n, shown(one.ess), shown(one.difference), span(one), harmWord(one)]),
    );
  }
  if (evaluation.power.length > 0) {
    await output.write('\nUntil PROMOTE, for a policy that chooses as this one and is better by:\n');
    await output.table(POWER_HEADINGS, evaluation.power.map(powerCells));
  }
  await output.write(
    `\nthresholds: ${Object.entries(thresholds)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}\n\n${verdict}\n`,
  );
  for (const reason of reasons) await output.write(`- ${reason}\n`);
}

/** What is compared with what, and on which decisions. */
function comparisonOf({ policy, baseline, trained, epsilon, since_ms: sinceMs, until_ms: untilMs, ...of }: LoggedEvaluation): string {
  const since = sinceMs === 0 ? 'from the beginning' : `from ${new Date(sinceMs).toISOString()}`;
  return (
    `${policy}${trained ? `, trained by ${baseline}'s decisions,` : ''} against ${baseline}, at epsilon ${epsilon}, ${since} to ` +
    `${new Date(untilMs).toISOString()}: ${baseline} made ${(100 * of.baseline_share).toFixed(1)} % of the decisions`
  );
}

function shown(value: number | null): string | null {
  return value === null ? null : String(Number(value.toPrecision(5)));
}
