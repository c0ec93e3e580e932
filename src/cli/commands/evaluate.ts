import { evaluateFile, type FileEvaluation } from '../../analysts/evaluate-file.js';
import { evaluateLogged, type LoggedEvaluation } from '../../analysts/evaluate-logged.js';
import { UsageError } from '../../errors.js';
import { outputFile } from '../../export/output-file.js';
import { openNamed } from '../../named-file.js';
import { DEFAULT_POLICY, DEFAULT_SHADOW, policyNamed } from '../../policies/registry.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { decisionsIn } from '../evaluation/decision-file.js';
import { checkMany, isMany, MANY_OPTIONS, runMany, type ManyArguments } from '../evaluation/many.js';
import { printRollout } from '../evaluation/rollout-table.js';
import { rolloutEvaluation } from '../evaluation/rollout-evaluation.js';
import { printEvaluation } from '../evaluation/table.js';
import { RowWriter } from '../evaluation/row-writer.js';
import { simulatedGain } from '../evaluation/simulated-gain.js';
import { settingsOf } from '../policy-settings.js';
import { noteMissing, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface EvaluateOptions extends ManyArguments {
  /** Its id; true: the newest. */
  readonly rollout?: string | true;
  readonly simulation?: string;
  readonly rows?: string;
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
    'With --rollout it compares the users of a rollout with those who are not in it: an A/B test of the policy that is live ' +
      'for some against the one that is live for the others. Chance placed the users, so it needs no model and no ' +
      'propensities. It looks at the same times as the guardrail, and says both ways what is shown: a gain or a loss. ' +
      'promote --evidence accepts the document for more users of the same rollout.',
    'Such files may be CSV with a header, where segments are columns as segments.persona and candidates are JSON, and ' +
      'compressed by gzip.',
    'With --policies, and several values of --epsilon or --lambda, each is tried in one pass over the decisions, or over a ' +
      'FILE with contexts, and the intervals hold for all of them together. That is no evidence for promote: judge the one ' +
      'you pick with --policy, on decisions after the pick.',
    'Exit code 0: PROMOTE, or many were compared. 2: HOLD or UNEVALUABLE, with the reasons.',
  ].join('\n\n'),
  examples: [
    ['tipstream evaluate --policy egreedy-v2 --simulation simulation.json', 'from the decisions logged here, and a simulation'],
    ['tipstream evaluate decisions.ndjson', 'from a file'],
    ['tipstream evaluate --rollout', 'what the users of the newest rollout have more than the others'],
    ['tipstream evaluate - --json < decisions.ndjson | jq .verdict', 'for programs'],
    ['tipstream evaluate --policies all --epsilon .05,.1,.2 --lambda .5,1,2 --svg gains.svg', 'many at once, with a picture'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [
    {
      flags: '--policy <name>',
      help: `the policy to judge, unless the file has rows that say what it would do (default: "${DEFAULT_SHADOW}")`,
    },
    { flags: '--rollout [id]', help: 'compare the users of that rollout with the others; without an id, of the newest one' },
    { flags: '--simulation <file>', help: 'what `tipstream simulate --json` printed: the gate then requires a gain there too' },
    {
      flags: '--since <time>',
      help: 'judge decisions requested from then on, Unix ms or ISO 8601; since the newest change unless given',
      parse: timeOption('--since'),
    },
    { flags: '--until <time>', help: 'judge decisions requested before; now unless given', parse: timeOption('--until') },
    { flags: '--rows <file>', help: 'write the decisions that were judged, in the format of FILE' },
    ...MANY_OPTIONS,
    { flags: '--force', help: 'replace the file of --rows or --svg if there is one' },
  ],
  json: 'document',
  reads: (options) => (isMany(options) ? ['epsilon'] : []),
  check({ args: [file], options }) {
    const { rows, since, until, rollout, policy, simulation } = options;
    checkMany(options);
    if (rollout !== undefined)
      for (const [what, given] of [
        ['FILE', file],
        ['--policy', policy],
        ['--simulation', simulation],
        ['--since', since],
        ['--until', until],
        ['--rows', rows],
        ['--policies', options.policies],
        ['--lambda', options.lambda],
        ['--svg', options.svg],
        ['--by-segment', options.bySegment],
      ] as const)
        if (given !== undefined)
          throw new UsageError(`${what} has no use with --rollout, which compares the users of the rollout from its start on`);
    if (file !== undefined && rows !== undefined)
      throw new UsageError('--rows is for decisions that are logged here: FILE holds them already');
    if (file !== undefined && (since !== undefined || until !== undefined))
      throw new UsageError('--since and --until are for decisions that are logged here: leave others out of FILE');
  },
  async run(context) {
    const {
      args: [file],
      options,
      config,
      output,
      json,
      signal,
    } = context;
    if (isMany(options)) return runMany(file, options, context);
    if (options.rollout !== undefined) {
      const id = options.rollout === true ? undefined : options.rollout;
      const evaluation = await rolloutEvaluation(config, id, output, signal).finally(() => output.progress(''));
      if (json) await output.document(evaluation);
      else await printRollout(evaluation, output);
      noteMissing(output, evaluation.partitions_missing);
      return evaluation.verdict === 'PROMOTE' ? EXIT.ok : EXIT.differs;
    }
    const policy = policyNamed(options.policy ?? DEFAULT_SHADOW);
    const simulated = options.simulation === undefined ? undefined : await simulatedGain(options.simulation, policy, signal);
    const { since: sinceMs, until: untilMs } = options;
    const input = file === undefined ? undefined : openNamed(file);
    const target = options.rows === undefined ? undefined : outputFile(options.rows, options.force === true);
    try {
      const rows = target === undefined ? undefined : new RowWriter(target);
      const evaluation =
        input === undefined
          ? await evaluateLogged({
              state: stateSource(config),
              registry: registryFor(config),
              policy,
              defaultPolicy: DEFAULT_POLICY,
              settings: settingsOf(config),
              nowMs: Date.now(),
              sinceMs,
              untilMs,
              signal,
              simulation: simulated?.gain,
              simulationHash: simulated?.hash,
              onRow: rows && ((row) => rows.add(row)),
              onProgress: (done, total) => output.progress(`${done} of ${total} decisions`),
            })
          : await evaluateFile({
              ...decisionsIn(input, signal),
              policy,
              epsilon: config.epsilon,
              signal,
              simulation: simulated?.gain,
              onProgress: (lines) => output.progress(`${lines} lines`),
            });
      output.progress('');
      rows?.flush();
      target?.publish();
      if (json) await output.document(evaluation);
      else await printEvaluation(evaluation, output);
      noteMissing(output, missingFrom(evaluation));
      return evaluation.verdict === 'PROMOTE' ? EXIT.ok : EXIT.differs;
    } finally {
      output.progress('');
      input?.close();
      target?.discard();
    }
  },
});

function missingFrom(evaluation: FileEvaluation | LoggedEvaluation): readonly number[] {
  return 'partitions_missing' in evaluation ? evaluation.partitions_missing : [];
}
