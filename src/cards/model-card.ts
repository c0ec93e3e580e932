/**
 * A policy's card in Markdown: what goes in, what it learned from, what it was tried on, whom it treats how, and when it was live. The
 * same facts give the same bytes. After Mitchell et al., "Model cards for model reporting" (FAT* 2019), as far as it fits a policy
 * that learns user by user.
 */
import type { TrainingData } from '../analysts/training-data.js';
import type { PolicyDefinition } from '../policies/policy.js';
import { policyHash } from '../policies/policy-hash.js';
import type { ControlEvent } from '../topics.js';
import type { CardEvaluation, CardSimulation } from './documents.js';
import { table } from './markdown.js';
import { isMissing, type Missing } from './missing.js';
import { evaluationSection } from './sections/evaluation.js';
import { fairnessSection } from './sections/fairness.js';
import { rolloutSection } from './sections/rollout.js';
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
}

export function modelCard({ policy, origin, training, simulation, evaluation, history }: CardFacts): string {
  const section = <Facts extends object>(facts: Facts | Missing, write: (facts: Facts) => string): string =>
    isMissing(facts) ? facts.missing : write(facts);
  const { name } = policy;
  return (
    [
      `# ${name}`,
      `<!-- Made by \`tipstream policies card ${name}\`. policy_hash: ${policyHash(policy)} -->`,
      ...(origin === undefined ? [] : [origin]),
      definitionTable(policy),
      `Chooses which of the candidates of a decision one user is shown. ${exploration(policy)}`,
      '## Inputs',
      table(
        ['entry', 'from', 'normalised'],
        policy.featureNames.map((entry) => [entry, policy.inputs[entry]!.from, policy.inputs[entry]!.normalised]),
      ),
      'Every entry is then rounded to a multiple of 1/4096.',
      '## Training data',
      'It learns while it runs, user by user, from the decisions that it made itself, and after a migration from ' +
        'those of the policy it goes on from. Those with a reward count: 1 for a done within 7 days of the serving, ' +
        'else 0 for a dismiss or snooze. Nothing is shared between users.',
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
      `Explores by optimism: it adds ${optimism} times the square root of x' A^-1 x to each score, which ` +
      'is large where little is known, and takes the highest.'
    );
  if (fixedEpsilon === 1) return 'Every candidate is as likely as another.';
  return 'Takes the highest score, and explores a share epsilon of the time, 0.1 unless configured.';
}

function limits({ fixedEpsilon, optimism, featureNames }: PolicyDefinition): string[] {
  return [
    ...(fixedEpsilon === 1
      ? ['What it learns changes nothing: it is what the others are measured against.']
      : [
          'A linear model: entries that are the same for all candidates of a decision ' +
            `(${optimism > 0 ? 'the hour, the weekend, the profile) change which one is ' + 'highest only by ' + 'how much is known of it at such times' : `the hour, the weekend${featureNames.includes('completion_rate_30d') ? ', the profile' : ''}) ` + 'never change which one is highest'}.`,
          'What was learned of a user is not forgotten when the user changes, except by a reset.',
          'It knows nothing of what a tip says or of its category.',
        ]),
    ...(featureNames.includes('completion_rate_30d')
      ? ['A user without history has zeros for the profile, as has one whose rates are zero.']
      : []),
    ...(optimism > 0 ? ['Its choices are certain but for ties, so its logs say nothing about other policies.'] : []),
    'A reward that never comes teaches nothing: people who ignore tips are not seen.',
    'Not for choices that matter to others than the user, and not for choices between users.',
  ];
}
