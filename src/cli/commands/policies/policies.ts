import type { CommandFamily } from '../../command.js';

export const policiesFamily: CommandFamily = {
  name: 'policies',
  summary: 'Policies: who is live, and how that came about',
  commands: [
    {
      name: 'status',
      summary: 'Say who is live, how rollouts compare, what verdicts are worth now, and the command for the next step',
      load: async () => (await import('./status.js')).statusCommand,
    },
    {
      name: 'list',
      summary: 'The policies, and who is live for which share of the users',
      load: async () => (await import('./list.js')).listCommand,
    },
    {
      name: 'history',
      summary: 'Every promotion, rollback, migration and change of settings for everybody, newest first',
      load: async () => (await import('./history.js')).historyCommand,
    },
    {
      name: 'configure',
      summary: 'Change settings of the policies from a time on',
      load: async () => (await import('./configure.js')).configureCommand,
    },
    {
      name: 'migrate',
      arguments: '<from> <into>',
      summary: 'Let a policy with a longer vector continue from what another has learned',
      load: async () => (await import('./migrate.js')).migrateCommand,
    },
    {
      name: 'prior',
      arguments: '<policy>',
      summary: 'Fit a prior on all users, from which users without rewards start',
      load: async () => (await import('./prior.js')).priorCommand,
    },
    {
      name: 'power',
      summary: 'Say how many decisions, and days, it takes until the gate promotes a policy that is better by so much',
      load: async () => (await import('./power.js')).powerCommand,
    },
    {
      name: 'aa-test',
      summary: 'Try guardrail and gate on rollouts of nothing, drawn on the decisions logged here',
      load: async () => (await import('./aa-test.js')).aaTestCommand,
    },
    {
      name: 'prompts',
      summary: 'Compare the rewards of decisions under each prompt version',
      load: async () => (await import('./prompts.js')).promptsCommand,
    },
    {
      name: 'card',
      arguments: '<policy>',
      summary: "Write a policy's model card: inputs, training data, simulation, evaluation, fairness and rollout",
      load: async () => (await import('./card.js')).cardCommand,
    },
  ],
};
