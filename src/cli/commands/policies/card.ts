import type { z } from 'zod';
import { trainingData, type TrainingHere } from '../../../analysts/training-data.js';
import { cardEvaluationSchema, cardSimulationSchema, type CardEvaluation } from '../../../cards/documents.js';
import { isMissing, noEvaluation, noSimulation, type Missing } from '../../../cards/missing.js';
import { modelCard } from '../../../cards/model-card.js';
import { vectorFingerprint } from '../../../policies/vector-fingerprint.js';
import type { Config } from '../../../config.js';
import { TipstreamError } from '../../../errors.js';
import { outputFile } from '../../../export/output-file.js';
import type { PolicyDefinition } from '../../../policies/policy.js';
import { policyHash } from '../../../policies/policy-hash.js';
import { policyNamed } from '../../../policies/registry.js';
import { settingsAt } from '../../../policies/controls/control.js';
import { priorDocuments } from '../../../policies/controls/prior-settings.js';
import { historyOf } from '../../../policies/controls/rollout.js';
import { fullTopicName, type ControlEvent } from '../../../topics.js';
import { defineCommand } from '../../command.js';
import { openControlLog } from '../../control-log.js';
import { readJson } from '../../input-file.js';
import type { Output } from '../../output/output.js';
import { settingsOf } from '../../policy-settings.js';
import { noteMissing, registryFor, stateSource } from '../../state-source.js';

interface CardOptions {
  readonly simulation?: string;
  readonly evaluation?: string;
  readonly training: boolean;
  readonly rollout: boolean;
  readonly out?: string;
  readonly force?: boolean;
}

export const cardCommand = defineCommand<CardOptions>({
  name: 'card',
  arguments: '<policy>',
  summary: "Write a policy's model card: inputs, training data, simulation, evaluation, fairness and rollout",
  details: [
    'Prints Markdown. What the policy learned from comes from the data directory, when it was live and which settings hold ' +
      'comes from policy.control, and what it was tried on comes from the two files. The card names what is missing. ' +
      'Give the options of `start` that set what policy.control does not say, such as --epsilon. The service shows the same card on ' +
      'the page /admin/policies. The cards in docs/models were made by `npm run cards` from simulated people.',
  ].join('\n\n'),
  examples: [
    ['tipstream policies card egreedy-v2', 'with what is known here'],
    [
      'tipstream policies card egreedy-v2 --simulation simulation.json --evaluation verdict.json --out egreedy-v2.md',
      'with all the evidence',
    ],
    ['tipstream policies card linucb --no-training --no-rollout', 'the definition alone'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [
    { flags: '--simulation <file>', help: 'what `tipstream simulate --json` printed' },
    { flags: '--evaluation <file>', help: 'what `tipstream evaluate --policy NAME --json` printed' },
    { flags: '--no-training', help: 'do not look into the data directory' },
    { flags: '--no-rollout', help: 'do not read policy.control' },
    { flags: '--out <file>', help: 'write there instead of to stdout' },
    { flags: '--force', help: 'replace the file of --out if there is one' },
  ],
  async run({ args: [name], options, config, output, signal }) {
    const policy = policyNamed(name!);
    const simulation =
      options.simulation === undefined
        ? noSimulation(policy.name)
        : await read(options.simulation, { schema: cardSimulationSchema, command: 'tipstream simulate --json', signal });
    const evaluation =
      options.evaluation === undefined
        ? noEvaluation(policy.name)
        : await evaluationOf(policy, options.evaluation, registryFor(config).featureSet, signal);
    const target = options.out === undefined ? undefined : outputFile(options.out, options.force === true);
    try {
      const training = options.training ? trainingOf(policy, config, output) : { missing: 'The data directory was not looked into.' };
      const controls = options.rollout ? await controlsIn(config) : { missing: 'policy.control was not read.' };
      const history = isMissing(controls) ? controls : historyOf(controls);
      const settings = isMissing(controls) ? controls : settingsAt(controls, Date.now(), settingsOf(config));
      const priors = isMissing(controls) ? [] : priorDocuments(controls, Date.now());
      const card = modelCard({ policy, training, simulation, evaluation, history, settings, priors });
      if (target === undefined) return await output.write(card);
      target.write(card);
      target.publish();
    } finally {
      target?.discard();
    }
  },
});

/** Of this policy as it is, and of these features. */
async function evaluationOf(policy: PolicyDefinition, path: string, featureSet: string, signal: AbortSignal): Promise<CardEvaluation> {
  const command = `tipstream evaluate --policy ${policy.name} --json`;
  const evaluation = await read(path, { schema: cardEvaluationSchema, command, signal });
  const wrong = (why: string): TipstreamError =>
    new TipstreamError('invalid_argument', `${path}: ${why}`, { hint: `Make it again with \`${command} > ${path}\`.` });
  if (evaluation.policy !== policy.name) throw wrong(`is about ${evaluation.policy}`);
  if (evaluation.policy_hash !== policyHash(policy) || evaluation.vectors !== vectorFingerprint(policy))
    throw wrong(`${policy.name} has changed since`);
  if (evaluation.feature_set !== featureSet) throw wrong('the features have changed since');
  return evaluation;
}

interface ReadOptions<Schema extends z.ZodType> {
  readonly schema: Schema;
  /** What prints such a document. */
  readonly command: string;
  readonly signal: AbortSignal;
}

async function read<Schema extends z.ZodType>(path: string, { schema, command, signal }: ReadOptions<Schema>): Promise<z.output<Schema>> {
  const { json, wrong } = await readJson(path, { hint: `Give the whole document that \`${command}\` printed.`, signal });
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw wrong(issue!.path.length === 0 ? issue!.message : `${issue!.path.join('.')}: ${issue!.message}`);
}

function trainingOf(policy: PolicyDefinition, config: Config, output: Output): TrainingHere | Missing {
  try {
    const training = trainingData(stateSource(config), registryFor(config), policy.name);
    noteMissing(output, training.partitionsMissing);
    return training;
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'no_data')
      return { missing: 'There is no state here: nothing has been folded in this data directory.' };
    throw error;
  }
}

async function controlsIn(config: Config): Promise<readonly ControlEvent[] | Missing> {
  try {
    const control = await openControlLog(config, { readOnly: true });
    await control.close();
    return control.controls;
  } catch (error) {
    if (error instanceof TipstreamError && (error.code === 'no_data' || error.code === 'topic_not_found'))
      return { missing: `There is no ${fullTopicName(config.topicPrefix, 'policy.control')} here.` };
    throw error;
  }
}
