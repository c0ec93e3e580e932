/**
 * A policy's card in Markdown: what goes in, what it learned from, what it was tried on, whom it treats how, and when it was live. The
 * same facts give the same bytes. After Mitchell et al., "Model cards for model reporting" (FAT* 2019), as far as it fits a policy
 * that learns user by user.
 */
import type { TrainingData } from '../store/queries/training-data.js';
import type { PolicySettings } from '../policies/controls/control.js';
import type { PriorDocument } from '../policies/controls/prior-settings.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyHash } from '../policies/policy-hash.js';
import type { ControlEvent } from '../topics.js';
import type { CardEvaluation, CardSimulation } from './documents.js';
import { table } from './markdown.js';
import { isMissing, type Missing } from './missing.js';
import { evaluationSection } from './sections/evaluation.js';
import { fairnessSection } from './sections/fairness.js';
import { rolloutSection } from './sections/rollout.js';
import { settingsSection } from './sections/settings.js';
import { simulationSection } from './sections/simulation.js';
import { trainingSection } from './sections/training.js';
import { vectorFingerprint } from '../policies/vector-fingerprint.js';

export interface CardFacts {
  readonly policy: PolicyDefinition;
  /** Markdown: where all this comes from, when that is not the reader's own data. */
  readonly origin?: string | undefined;
  readonly training: TrainingData | Missing;
  readonly simulation: CardSimulation | Missing;
  readonly evaluation: CardEvaluation | Missing;
  /** policy.control, newest first. */
  readonly history: readonly ControlEvent[] | Missing;
  /** In effect where the policy runs; absent: nobody's deployment is described. */
  readonly settings?: PolicySettings | Missing | undefined;
  /** Set where the policy runs, of whichever policies; absent: none. */
  readonly priors?: readonly PriorDocument[] | undefined;
}

export function modelCard({ policy, origin, training, simulation, evaluation, history, settings, priors = [] }: CardFacts): string {
  const section = <Facts extends object>(facts: Facts | Missing, write: (facts: Facts) => string): string =>
    isMissing(facts) ? facts.missing : write(facts);
  const { name } = policy;
  const prior = priors.find((one) => one.policy === name);
  return (
    [
      `# ${name}`,
      `<!-- Made by \`tipstream policies card ${name}\`. policy_hash: ${policyHash(policy)} -->`,
      ...(origin === undefined ? [] : [origin]),
      definitionTable(policy),
      `It chooses which candidate of a decision one user is shown.\n${exploration(policy)}`,
      '## Inputs',
      table(
        ['entry', 'from', 'normalised'],
        policy.featureNames.map((entry) => [entry, policy.inputs[entry]!.from, policy.inputs[entry]!.normalised]),
      ),
      'Every entry is then rounded to a multiple of 1/4096.',
      ...(settings === undefined
        ? []
        : [
            '## Settings',
            section(settings, (facts) =>
              settingsSection({ policy, settings: facts, prior, own: isMissing(training) ? undefined : training.own }),
            ),
          ]),
      '## Training data',
      [
        'It learns while it runs, for each user separately, from the decisions that it made itself.',
        'After a migration it also learns from the decisions of the policy that it continues from.',
        'A decision counts once it has a reward: 1 for a done within 7 days of the serving, else 0 for a dismiss or snooze, ' +
          'or as configured.',
        prior === undefined
          ? 'Users share no training examples.'
          : 'Users share no training examples. A user of whom nothing is learned yet starts from a prior fitted on all users together.',
      ].join('\n'),
      section(training, trainingSection),
      '## Simulation',
      section(simulation, (facts) => simulationSection(name, facts)),
      '## Evaluation on logged decisions',
      section(evaluation, evaluationSection),
      '## Fairness',
      fairnessSection(name, simulation, evaluation),
      '## Rollout',
      section(history, (facts) => rolloutSection(name, facts)),
      '## Limits',
      limits(policy)
        .map((limit) => `- ${limit}`)
        .join('\n'),
    ].join('\n\n') + '\n'
  );
}

/** The policy_hash that a card was made for; undefined for a text that is no card. */
export function hashOfCard(text: string): string | undefined {
  return /policy_hash: ([0-9a-f]{16}) -->/.exec(text)?.[1];
}

/** The vectors' fingerprint that a card was made for; undefined for a text that has none. */
export function fingerprintOfCard(text: string): string | undefined {
  return /^\| vectors \| ([0-9a-f]{16}) \|$/m.exec(text)?.[1];
}

function definitionTable(policy: PolicyDefinition): string {
  return table(
    ['', ''],
    [
      ['policy_hash', policyHash(policy)],
      ['vectors', vectorFingerprint(policy)],
      ['state version', String(policy.stateVersion)],
      ['D', String(policy.dimension)],
      [
        'hyperparameters',
        Object.entries(policy.hyperparameters)
          .map(([name, value]) => `${name} ${value}`)
          .join(', '),
      ],
    ],
  );
}

function exploration({ fixedEpsilon, optimism }: PolicyDefinition): string {
  if (optimism > 0)
    return (
      `It explores by optimism: it adds ${optimism} times the square root of x' A^-1 x to each score and takes the highest.\n` +
      'That bonus is large where little is known.'
    );
  if (fixedEpsilon === 1) return 'Every candidate is equally likely.';
  return 'It takes the highest score. In a share epsilon of decisions, 0.1 unless configured, it explores.';
}

function limits({ fixedEpsilon, optimism, featureNames }: PolicyDefinition): string[] {
  const seesCategory = featureNames.includes('category_match');
  const seesProfile = featureNames.includes('completion_rate_30d');
  const shared = seesProfile ? 'the hour, the weekend, the profile' : 'the hour, the weekend';
  const sameForAll = `Entries that are the same for all candidates of a decision (${shared})`;
  const effect = optimism > 0 ? 'change which one is highest only through the bonus' : 'never change which one is highest';
  return [
    ...(fixedEpsilon === 1
      ? ['What it learns does not change its choices. The other policies are compared with it.']
      : [
          `It is a linear model. ${sameForAll}\n  ${effect}.`,
          'What it has learned about a user stays when the user changes, until a reset.',
          `It does not know what a tip says${seesCategory ? '' : ' or which category it has'}.`,
        ]),
    ...(seesProfile ? ['A user without history has zeros for the profile, like a user whose rates are zero.'] : []),
    ...(optimism > 0 ? ['Its choices are certain except for ties, so its logs say nothing about other policies.'] : []),
    'A decision without a reward is no training example, so it learns nothing from people who ignore tips.',
    'Do not use it for choices that affect others than the user, or for choices between users.',
  ];
}
