import type { CommandFamily } from '../../command.js';

export const featuresFamily: CommandFamily = {
  name: 'features',
  summary: 'The features of a profile, and what each one means',
  commands: [
    {
      name: 'list',
      summary: 'The features that a profile is made of',
      load: async () => (await import('./list.js')).featuresListCommand,
    },
    {
      name: 'show',
      arguments: '<name>',
      summary: 'What one feature means, who uses it, and its definition in SQL',
      load: async () => (await import('./show.js')).featuresShowCommand,
    },
  ],
};
