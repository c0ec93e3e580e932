import { z } from 'zod';
import { evaluateFile, type FileEvaluation } from '../../analysts/evaluate-file.js';
import { evaluateLogged, type LoggedEvaluation } from '../../analysts/evaluate-logged.js';
import { UsageError } from '../../errors.js';
import type { Evaluation } from '../../evaluation/evaluate.js';
import { documentHash } from '../../evaluation/evidence.js';
import { estimateColumns } from '../../evaluation/estimators.js';
import type { SimulatedGain } from '../../evaluation/gate.js';
import type { EvaluationRow } from '../../evaluation/row.js';
import { outputFile } from '../../export/output-file.js';
import { openNamed } from '../../named-file.js';
import { policyHash } from '../../policies/policy-hash.js';
import type { PolicyDefinition } from '../../policies/policy.js';
import { DEFAULT_POLICY, DEFAULT_SHADOW, policyNamed } from '../../policies/registry.js';
import { linesOf } from '../../producer/line-reader.js';
import { defaultRegistry } from '../../projections/registry.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { isObject, readJson } from '../input-file.js';
import type { Output } from '../output/output.js';
import { settingsOf } from '../policy-settings.js';
import { noteMissing, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface EvaluateOptions {
  readonly policy: string;
  readonly simulation?: string;
  readonly since?: number;
  readonly until?: number;
  readonly rows?: string;
  readonly force?: boolean;
}

export const evaluateCommand = defineCommand<EvaluateOptions>({
  name: 'evaluate',
  arguments: '[file]',
  summary: 'Estimate the reward another policy would have received on logged decisions, and judge it',
  details: [
    'Without FILE, it judges the decisions that this data directory holds: what --policy would have done, each decision ' +
      'with what was known before it. It is compared with the policy that is live, on the decisions that this one made ' +
      'since the newest change of who is live or of settings. What a promotion would put in effect is what is judged: ' +
      'trained from the decisions of the live policy where its vector allows it, at the epsilon in effect.',
    'With FILE (- is stdin), each line is a decision: {decision_id, reward, logged_propensity, new_propensity}. Both ' +
      'propensities are those of the candidate that was served. reward is null where none has come. Optional: segments ' +
      '{dimension: segment} for fairness, and expected {served, under_new, under_logged} of a reward model for the ' +
      'doubly robust estimate.',
    'Or each line is a decision with its context, and what --policy would have done is computed from it: ' +
      '{decision_id, user_id, requested_at_ms, candidates, chosen_tip_id, reward}, with candidates as in tip.candidates ' +
      'and a propensity each. Optional: profile_features, utc_offset_min, served_tip_id, reacted_at_ms and segments.',
    'Exit code 0: PROMOTE. 2: HOLD or UNEVALUABLE, with the reasons.',
  ].join('\n\n'),
  examples: [
    ['tipstream evaluate --policy egreedy-v2 --simulation simulation.json', 'from the decisions logged here, and a simulation'],
    ['tipstream evaluate decisions.ndjson', 'from a file'],
    ['tipstream evaluate - --json < decisions.ndjson | jq .verdict', 'for programs'],
  ],
  groups: ['log', 'policy'],
  options: [
    { flags: '--policy <name>', help: 'the policy to judge, unless the file has rows that say what it would do', default: DEFAULT_SHADOW },
    { flags: '--simulation <file>', help: 'what `tipstream simulate --json` printed: the gate then requires a gain there too' },
    {
      flags: '--since <time>',
      help: 'judge decisions requested from then on, Unix ms or ISO 8601; since the newest change unless given',
      parse: timeOption('--since'),
    },
    { flags: '--until <time>', help: 'judge decisions requested before; now unless given', parse: timeOption('--until') },
    { flags: '--rows <file>', help: 'write the decisions that were judged, in the format of FILE' },
    { flags: '--force', help: 'replace the file of --rows if there is one' },
  ],
  json: 'document',
  check({ args: [file], options: { rows, since, until } }) {
    if (file !== undefined && rows !== undefined)
      throw new UsageError('--rows is for decisions that are logged here: FILE holds them already');
    if (file !== undefined && (since !== undefined || until !== undefined))
      throw new UsageError('--since and --until are for decisions that are logged here: leave others out of FILE');
  },
  async run({ args: [file], options, config, output, json, signal }) {
    const policy = policyNamed(options.policy);
    const simulated = options.simulation === undefined ? undefined : await simulatedGain(options.simulation, policy, signal);
    const { since: sinceMs, until: untilMs } = options;
    const input = file === undefined ? undefined : openNamed(file);
    const target = options.rows === undefined ? undefined : outputFile(options.rows, options.force === true);
    try {
      const { evaluation, rows } =
        input === undefined
          ? await evaluateLogged({
              state: stateSource(config),
              registry: defaultRegistry,
              policy,
              defaultPolicy: DEFAULT_POLICY,
              settings: settingsOf(config),
              nowMs: Date.now(),
              sinceMs,
              untilMs,
              signal,
              simulation: simulated?.gain,
              simulationHash: simulated?.hash,
              onProgress: (done, total) => output.progress(`${done} of ${total} decisions`),
            })
          : await evaluateFile({
              lines: linesOf(input.pieces(signal)),
              name: input.name,
              policy,
              epsilon: config.epsilon,
              signal,
              simulation: simulated?.gain,
              onProgress: (lines) => output.progress(`${lines} lines`),
            });
      output.progress('');
      if (target !== undefined) {
        target.write(rows.map(rowLine).join(''));
        target.publish();
      }
      if (json) await output.document(evaluation);
      else await print(evaluation, output);
      noteMissing(output, missingFrom(evaluation));
      return evaluation.verdict === 'PROMOTE' ? EXIT.ok : EXIT.differs;
    } finally {
      output.progress('');
      input?.close();
      target?.discard();
    }
  },
});

/**
 * Reward per decision of `policy` less that of the first policy simulated. Throws invalid_argument for a file that does not say it, or
 * says it of another definition.
 */
async function simulatedGain(
  path: string,
  policy: PolicyDefinition,
  signal: AbortSignal,
): Promise<{ readonly gain: SimulatedGain; readonly hash: string }> {
  const { json, wrong } = await readJson(path, { hint: `Make it with \`tipstream simulate --json > ${path}\`.`, signal });
  const comparisons: unknown[] = isObject(json) && Array.isArray(json.comparisons) ? json.comparisons : [];
  const { low, high, against } = comparisons.filter(isObject).find((one) => one.policy === policy.name && one.persona === 'all') ?? {};
  const { users, epsilon, candidates, policy_hashes: hashes } = isObject(json) ? json : {};
  const numbers = z.object({ low: z.number(), high: z.number(), users: z.number(), epsilon: z.number(), candidates: z.number() });
  const found = numbers.safeParse({ low, high, users, epsilon, candidates });
  if (typeof against !== 'string' || !found.success) throw wrong(`has no comparison of ${policy.name}`);
  for (const one of [policy, policyNamed(against)])
    if (!isObject(hashes) || hashes[one.name] !== policyHash(one)) throw wrong(`is about another definition of ${one.name}`);
  return { gain: { against, ...found.data }, hash: documentHash(json as Record<string, unknown>) };
}

function rowLine({ decisionId, reward, loggedPropensity, newPropensity, expected, segments }: EvaluationRow): string {
  const model = expected === null ? null : { served: expected.served, under_new: expected.underNew, under_logged: expected.underLogged };
  const line = {
    decision_id: decisionId,
    reward,
    logged_propensity: loggedPropensity,
    new_propensity: newPropensity,
    expected: model,
    segments,
  };
  return `${JSON.stringify(line)}\n`;
}

function missingFrom(evaluation: FileEvaluation | LoggedEvaluation): readonly number[] {
  return 'partitions_missing' in evaluation ? evaluation.partitions_missing : [];
}

async function print(evaluation: FileEvaluation | LoggedEvaluation, output: Output): Promise<void> {
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
    ['NEW - LOGGED', 'MEAN', 'INTERVAL', 'CONFIDENCE SEQUENCE'],
    [
      ['with a reward', shown(difference.mean), span(difference.interval), span(difference.confidence_sequence)],
      [
        'missing as 0',
        shown(missing_as_zero.difference.mean),
        span(missing_as_zero.difference.interval),
        span(missing_as_zero.difference.confidence_sequence),
      ],
    ],
  );
  if (segments.length > 0) {
    await output.write('\n');
    await output.table(
      ['DIMENSION', 'SEGMENT', 'N', 'ESS', 'NEW - LOGGED', 'INTERVAL', ''],
      segments.map((one) => [
        one.dimension,
        one.segment,
        one.n,
        shown(one.ess),
        shown(one.difference),
        span(one),
        one.harmed ? 'harmed' : one.judged ? '' : 'too few',
      ]),
    );
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
