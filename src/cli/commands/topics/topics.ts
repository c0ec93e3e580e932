import type { CommandFamily } from '../../command.js';

export const topicsFamily: CommandFamily = {
  name: 'topics',
  summary: 'Create and check topics',
  commands: [
    {
      name: 'create',
      summary: 'Create the topics that are missing',
      load: async () => (await import('./create.js')).topicsCreateCommand,
    },
    {
      name: 'check',
      summary: 'Check that topics exist and are kept as tipstream needs them',
      load: async () => (await import('./check.js')).topicsCheckCommand,
    },
  ],
};
