import { estimateColumns } from '../../evaluation/estimators.js';
import type { CardEvaluation } from '../documents.js';
import { counted, moment, plain, range, shown, table } from '../markdown.js';

type Estimates = CardEvaluation['missing_as_zero'];

/** The reward that the policy would have received on decisions that were logged, and the verdict. */
export function evaluationSection(evaluation: CardEvaluation): string {
  const {
    n,
    decisions,
    decided_by: decidedBy,
    set_aside: setAside,
    missing_rewards: missing,
    missing_share: share,
    missing_as_zero: all,
    verdict,
    reasons,
    thresholds,
    baseline,
    baseline_share: baselineShare,
    trained,
    epsilon,
    since_ms: sinceMs,
    until_ms: untilMs,
  } = evaluation;
  return [
    `${decisions} decisions (by policy: ${counted(decidedBy)}; set aside: ${counted(setAside)}).\n` +
      `Of the others ${n} have a reward and ${missing} have none (${(100 * share).toFixed(1)} %).\n` +
      `Compared with ${baseline}, which made ${(100 * baselineShare).toFixed(1)} % of them, at epsilon ${epsilon}` +
      `${trained ? ", after training by that policy's decisions" : ''}.\n` +
      `Decisions from ${moment(sinceMs)} to ${moment(untilMs)}. Evaluated at ${moment(evaluation.evaluated_at_ms)}.`,
    table(
      ['decisions', 'n', 'logged', 'IPS', 'clipped IPS', 'SNIPS', 'doubly robust', 'effective sample', 'largest weight', 'mean weight'],
      [estimatesRow('with a reward', evaluation), estimatesRow('missing as 0', all)],
    ),
    table(
      ['new - logged', 'mean', 'interval', 'confidence sequence', 'e-value'],
      [differenceRow('with a reward', evaluation), differenceRow('missing as 0', all)],
    ),
    `Verdict, ${evaluation.simulated ? 'with' : 'without'} a simulation: **${verdict}**. Reasons:`,
    reasons.map((reason) => `- ${plain(reason)}`).join('\n'),
    table(
      ['threshold', 'value'],
      Object.entries(thresholds).map(([name, value]) => [plain(name), String(value)]),
    ),
  ].join('\n\n');
}

function estimatesRow(name: string, of: Estimates): string[] {
  return [name, String(of.n), ...estimateColumns(of).map(shown)];
}

function differenceRow(name: string, { difference }: Estimates): string[] {
  return [name, shown(difference.mean), range(difference.interval), range(difference.confidence_sequence), shown(difference.e_value)];
}
