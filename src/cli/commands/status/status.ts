import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { printable } from '../../output/output.js';
import { verdictOf, type Check, type CheckStatus } from './check.js';
import { lookAtAll } from './look.js';

const EXIT_OF: Readonly<Record<CheckStatus, number>> = { ok: EXIT.ok, attention: EXIT.differs, could_not_tell: EXIT.error };
const LABELS: Readonly<Record<CheckStatus, string>> = { ok: 'ok', attention: 'ATTENTION', could_not_tell: 'could not tell' };

export const statusCommand = defineCommand({
  name: 'status',
  summary: 'Say on one screen whether all is well, and what to do next if not',
  details: [
    'Looks at the log, the topics, the partitions and the process that works on them, lag, dead letters, the live policy, when the state ' +
      'was verified, and the disk. It changes nothing, and works whether or not `tipstream start` is running or the log answers.',
    'Attention is asked for lag beyond the bounds of `lag`, for records that were refused in the last 24 hours, and for a disk ' +
      'with less than 1 GiB free, or less than the state takes. A state that was never verified is said, and changes no exit code.',
    'Exit code 0: all is well. 2: something needs attention. 1: nothing that could be looked at does, and something could not be ' +
      'looked at.',
  ].join('\n\n'),
  examples: [
    ['tipstream status', 'a line for each thing that must be right'],
    ['tipstream status --brokers localhost:9092 --data /var/lib/tipstream', 'on Kafka'],
    ['tipstream status --json | jq -r \'.checks[] | select(.status != "ok") | .next\'', 'what to run next'],
  ],
  groups: ['log', 'kafka', 'consumer'],
  json: 'document',
  async run({ config, output, json }) {
    const checkedAtMs = Date.now();
    const checks = await lookAtAll(config, checkedAtMs);
    const status = verdictOf(checks);
    if (json) await output.document({ status, checked_at_ms: checkedAtMs, data: config.data, log: config.log, checks });
    else await output.write(`${screen(checks, status).map(printable).join('\n')}\n`);
    return EXIT_OF[status];
  },
});

function screen(checks: readonly Check[], status: CheckStatus): string[] {
  const labels = Math.max(...checks.map((check) => LABELS[check.status].length));
  const names = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.flatMap((check) => [
    `${LABELS[check.status].padEnd(labels)}  ${check.name.replaceAll('_', ' ').padEnd(names)}  ${check.summary}`,
    ...(typeof check.hint === 'string' ? [`${' '.repeat(labels + names + 4)}hint: ${check.hint}`] : []),
    ...(check.next === undefined ? [] : [`${' '.repeat(labels + names + 4)}next: ${check.next}`]),
  ]);
  return [...lines, '', verdictLine(checks, status)];
}

function verdictLine(checks: readonly Check[], status: CheckStatus): string {
  const named = (wanted: CheckStatus) => checks.filter((check) => check.status === wanted).map(({ name }) => name.replaceAll('_', ' '));
  const untold = named('could_not_tell');
  const rest = untold.length === 0 ? '' : `; could not tell: ${untold.join(', ')}`;
  if (status === 'attention') return `Needs attention: ${named('attention').join(', ')}${rest}.`;
  if (status === 'could_not_tell') return `Could not tell: ${untold.join(', ')}. Nothing else needs attention.`;
  return untold.length === 0 ? 'All is well.' : 'All is well, as far as it is known: the state has not been verified.';
}
